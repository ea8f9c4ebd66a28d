/** What plan() decides from: all of it plain data, so that plan() is pure. */
import type { Capabilities } from '../../backends/backend.ts';
import type { Osinfo } from '../../osinfo/types.ts';
import type { OzConfig } from '../config/types.ts';
import type { Tdl } from '../tdl/types.ts';

/** The command line's part. */
export interface PlanOptions {
  customize: boolean;
  icicle: boolean;
  icicleFile?: string | undefined;
  xmlFile?: string | undefined;
  diskBus?: string | undefined;
  nicModel?: string | undefined;
  mac?: string | undefined;
  /** Absolute path of the image (-s). */
  disk?: string | undefined;
  /** Seconds (-t). */
  timeout?: number | undefined;
  forceDownload: boolean;
  cleanup: boolean;
}

export interface PlanInput {
  tdl: Tdl;
  config: OzConfig;
  osinfo: Osinfo;
  backend: {
    type: 'libvirt' | 'openstack';
    capabilities: Capabilities;
    uri?: string | undefined;
  };
  options: PlanOptions;
  host: {
    cpus: number;
    /** MiB. */
    memory: number;
    user: string;
  };
  now: Date;
  cwd: string;
  /** The key pair that lets the build in; a placeholder when nothing is to be built. */
  access?: { publicKey: string; privateKeyPath: string } | undefined;
  /** The user's own answer file (-a), taken verbatim. */
  answer?: { name: string; text: string; encoding?: 'latin1' | undefined } | undefined;
}
