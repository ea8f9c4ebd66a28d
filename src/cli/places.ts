/** The places a build can run in, by the name that oz.cfg and --backend give them. */
import path from 'node:path';
import type {
  Arch,
  Backend,
  BackendContext,
  Capabilities,
  GuestSpec,
} from '../../backends/backend.ts';
import { OzError } from '../base/errors.ts';
import type { OzConfig } from '../config/types.ts';
import type { Around } from './io.ts';

/** A place that is known but not yet touched. */
export interface Place {
  type: 'libvirt' | 'openstack';
  /** Where a ledger says its resources are. */
  uri?: string | undefined;
  /** What it can do, found out without making anything there. */
  capabilities(options?: SurveyOptions): Promise<Capabilities>;
  /** The document that describes a guest there, for `oz plan`. It may hold secrets. */
  describe(spec: GuestSpec): Promise<GuestDocument>;
  /** Ends what the two above have opened. */
  close?(): Promise<void>;
  open(context: BackendContext, signal?: AbortSignal): Promise<Backend>;
}

export interface SurveyOptions {
  arch?: Arch | undefined;
  signal?: AbortSignal | undefined;
}

/** A domain's XML, or the request that makes a server and what else is used there. */
export interface GuestDocument {
  kind: 'domain' | 'server';
  text: string;
  /** What the place has chosen: flavor, network, … */
  chosen?: readonly (readonly [name: string, value: string])[] | undefined;
}

export type FindPlace = (
  type: OzConfig['backend']['type'],
  config: OzConfig,
  around: Around,
) => Promise<Place>;

async function libvirtPlace(config: OzConfig): Promise<Place> {
  const { domainXml, libvirtCapabilities, openLibvirt, resolveUri } = await import(
    '../../backends/libvirt/index.ts'
  );
  const uri = await resolveUri(config.libvirt.uri);
  return {
    type: 'libvirt',
    uri,
    capabilities: async () => libvirtCapabilities(uri, config.libvirt.type),
    describe: async (spec) => ({
      kind: 'domain',
      text: domainXml(spec, {
        uri,
        type: config.libvirt.type,
        bridge: config.libvirt.bridgeName,
      }),
    }),
    open: (context, signal) =>
      openLibvirt({
        uri,
        type: config.libvirt.type,
        bridgeName: config.libvirt.bridgeName,
        cacheDir: path.join(config.paths.dataDir, 'libvirt'),
        context,
        signal,
      }),
  };
}

export const findPlace: FindPlace = async (type, config) => {
  if (type === 'libvirt') return libvirtPlace(config);
  throw new OzError('OZ_BACKEND_MISSING', `Cannot use backend ${type}: it is not built yet`, {
    hint: 'set [backend] type = libvirt in oz.cfg, or give --backend=libvirt',
  });
};
