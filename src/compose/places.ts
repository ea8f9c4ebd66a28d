/** The places a build can run in, by the name that oz.cfg and --backend give them. */
import path from 'node:path';
import type {
  Arch,
  Backend,
  BackendContext,
  Capabilities,
  GuestSpec,
} from '../../backends/backend.ts';
import type { Finding } from '../base/finding.ts';
import { noLedger } from '../base/ledger-entry.ts';
import { ownArch } from '../base/own-arch.ts';
import type { OzConfig } from '../config/types.ts';
import type { Around } from './around.ts';

/** A place that is known but not yet touched. */
export interface Place {
  type: 'libvirt' | 'openstack';
  /** Where a ledger says its resources are; of a cloud it is known once someone has signed in. */
  readonly uri?: string | undefined;
  /** What it can do, found out without making anything there. */
  capabilities(options?: SurveyOptions): Promise<Capabilities>;
  /** The document that describes a guest there, for `oz plan`. It may hold secrets. */
  describe(spec: GuestSpec): Promise<GuestDocument>;
  /** What a build lacks there, for `oz doctor`; absent: nobody can tell. */
  diagnose?(options: DiagnoseOptions): AsyncIterable<Finding>;
  /** Ends what capabilities() and describe() have opened. */
  close?(): Promise<void>;
  open(context: BackendContext, signal?: AbortSignal): Promise<Backend>;
}

export interface SurveyOptions {
  arch?: Arch | undefined;
  signal?: AbortSignal | undefined;
}

export interface DiagnoseOptions {
  context: BackendContext;
  /** Whether a guest may be made for a moment, to try KVM. */
  tries: boolean;
  signal: AbortSignal;
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
  const { diagnoseLibvirt, domainXml, libvirtCapabilities, likelyType, openLibvirt, resolveUri } =
    await import('../../backends/libvirt/index.ts');
  const uri = await resolveUri(config.libvirt.uri);
  const { type, bridgeName } = config.libvirt;
  const { dataDir, outputDir } = config.paths;
  const cacheDir = path.join(dataDir, 'libvirt');
  const typeFor = async (arch: Arch) => type ?? (await likelyType({ uri, arch, cacheDir }));
  return {
    type: 'libvirt',
    uri,
    capabilities: async (options) =>
      libvirtCapabilities(uri, await typeFor(options?.arch ?? ownArch())),
    async describe(spec) {
      const found = await typeFor(spec.hardware.arch);
      const text = domainXml(spec, { uri, type: found, bridge: bridgeName });
      const emulated = found === 'qemu' && [['runs', 'emulated, without KVM'] as const];
      return { kind: 'domain', text, ...(emulated && { chosen: emulated }) };
    },
    diagnose: (options) =>
      diagnoseLibvirt({
        ...{ uri, type, bridgeName, cacheDir, ...options },
        directories: [dataDir, outputDir],
      }),
    open: (context, signal) => openLibvirt({ uri, type, bridgeName, cacheDir, context, signal }),
  };
}

/** The description of a finished guest that Oz's users expect; loads nothing that is native. */
async function libvirtDescription(config: OzConfig): Promise<(spec: GuestSpec) => string> {
  const { finishedXml } = await import('../../backends/libvirt/domain-xml.ts');
  const { uri = 'qemu:///system', type, bridgeName } = config.libvirt;
  return (spec) => finishedXml(spec, { uri, type, bridge: bridgeName });
}

async function openstackPlace(config: OzConfig, around: Around): Promise<Place> {
  const [{ openOpenstack }, describeFinished] = await Promise.all([
    import('../../backends/openstack/index.ts'),
    libvirtDescription(config),
  ]);
  const { source, openstack = {} } = config;
  /** Known once someone has signed in. */
  let uri: string | undefined;
  const open = async (context: BackendContext, signal?: AbortSignal) => {
    const { env, cwd } = around;
    const backend = await openOpenstack({
      ...{ settings: openstack, source, env: { ...env }, cwd },
      ...{ context, describeFinished, signal },
    });
    uri = backend.at;
    return backend;
  };
  let looking: ReturnType<typeof open> | undefined;
  const look = (signal?: AbortSignal) => {
    looking ??= open({ ledger: noLedger, log: () => {} }, signal);
    return looking;
  };
  return {
    type: 'openstack',
    get uri() {
      return uri;
    },
    capabilities: async (options) => (await look(options?.signal)).capabilities(options),
    async describe(spec) {
      const backend = await look();
      const { summary } = await backend.check(spec.hardware);
      const { text, chosen } = await backend.planServer(spec);
      return { kind: 'server', text, chosen: [['uses', summary], ...chosen] };
    },
    async *diagnose({ signal }) {
      yield* (await look(signal)).diagnose({ signal });
    },
    async close() {
      await (await looking?.catch(() => undefined))?.close();
    },
    open,
  };
}

export const findPlace: FindPlace = (type, config, around) =>
  type === 'openstack' ? openstackPlace(config, around) : libvirtPlace(config);
