/** The libvirt backend. */
import { access, constants, copyFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { codeOf, OzError } from '../../src/base/errors.ts';
import type { LedgerEntry } from '../../src/base/ledger-entry.ts';
import type {
  Backend,
  BackendContext,
  Capabilities,
  GuestSpec,
  Hardware,
  Leftover,
  LocalMedium,
  StagedMedium,
} from '../backend.ts';
import { domainTypes, guestArch, type HostCapabilities, readCapabilities } from './caps.ts';
import { type Connection, connect } from './connection.ts';
import { type DomainHost, domainXml, finishedXml } from './domain-xml.ts';
import { isGone } from './failures.ts';
import { makeGuest } from './guest.ts';
import { kvmWorks } from './kvm-probe.ts';
import { createLocalDisk, diskFormats, publicDirectory, syncLocalDisk } from './local-storage.ts';
import { type Bridge, findBridge } from './network.ts';
import { closedDirectory, type Owner } from './reach.ts';
import { resolveUri } from './resolve-uri.ts';
import { ensureRootDaemon, needsRootDaemon } from './root-daemon.ts';
import { readUri } from './uri.ts';

export { type DomainHost, domainXml, finishedXml, resolveUri };

export interface LibvirtOptions {
  /** Any libvirt URI; absent: resolveUri()'s choice. */
  uri?: string | undefined;
  /** `kvm`, `qemu`, …: not questioned; absent: the best that works. */
  type?: string | undefined;
  /** A bridge of the hypervisor's host; absent: that of an active network with NAT. */
  bridgeName?: string | undefined;
  /** For what is found out once. Made when missing. */
  cacheDir: string;
  context: BackendContext;
  signal?: AbortSignal | undefined;
}

/** QEMU's user-mode network: the host as its guests see it. */
const userNetworkHost = '10.0.2.2';

/** What the place can do, without connecting to it; `type` is that of its guests, once known. */
export function libvirtCapabilities(uri: string, type?: string): Capabilities {
  const { userNetworking } = readUri(uri);
  return {
    kernelBoot: true,
    devices: ['cdrom', 'floppy', 'usb'],
    maxMedia: 3,
    activity: { disk: true, network: !userNetworking },
    sendKeys: true,
    hostAddress: userNetworking ? userNetworkHost : null,
    accelerated: type === undefined ? undefined : type !== 'qemu',
    diskFormats,
  };
}

/** QEMU refuses these before it starts; better said before anything is made. */
function checkHardware(hardware: Hardware): void {
  if (hardware.machine?.includes('q35')) {
    const bus = [hardware.diskBus, hardware.cdromBus].find((name) => name === 'ide');
    if (bus) {
      throw new OzError(
        'OZ_HARDWARE_UNSUPPORTED',
        `Cannot run a guest with an IDE disk on machine ${hardware.machine}: it has no IDE controller`,
        { hint: 'use bus sata there, or machine pc' },
      );
    }
  }
}

async function connectTo(
  uri: string,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<Connection> {
  if (needsRootDaemon(uri)) await ensureRootDaemon(log, signal);
  return connect(uri, signal);
}

/** Opens the place. Throws OzErrors OZ_LIBVIRT_…, OZ_NO_BRIDGE. */
export async function openLibvirt(options: LibvirtOptions): Promise<Backend> {
  const uri = options.uri ?? (await resolveUri());
  const connection = await connectTo(uri, options.context.log, options.signal);
  try {
    const capabilities = readCapabilities(
      await connection.call('read the capabilities', 'capabilities', []),
    );
    const bridge = readUri(uri).userNetworking
      ? null
      : await findBridge(connection, options.bridgeName);
    return makeBackend({ ...options, uri }, connection, capabilities, bridge);
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function makeBackend(
  options: LibvirtOptions & { uri: string },
  connection: Connection,
  capabilities: HostCapabilities,
  bridge: Bridge | null,
): Backend {
  const { uri, cacheDir, context } = options;
  const place = readUri(uri);
  const guests = new Set<() => Promise<void>>();
  const types = new Map<string, Promise<string>>();
  /** The same, once known: describeFinished() can't wait. */
  const settled = new Map<string, string>();
  /** Copies for a QEMU that can't reach the originals. */
  let stagingDir: Promise<string> | undefined;

  async function findType(hardware: Pick<Hardware, 'arch'>, signal?: AbortSignal) {
    const found = guestArch(capabilities, hardware.arch, uri);
    if (options.type) {
      if (found.types.includes(options.type)) return options.type;
      throw new OzError(
        'OZ_NO_HYPERVISOR',
        `Cannot run ${hardware.arch} guests of type ${options.type} on ${uri}: it has ${found.types.join(', ')}`,
        { hint: 'change or remove type in [libvirt] of oz.cfg' },
      );
    }
    const [best, ...others] = domainTypes(found);
    if (best === undefined) {
      throw new OzError(
        'OZ_NO_HYPERVISOR',
        `Cannot run ${hardware.arch} guests on ${uri}: neither kvm nor qemu is there`,
        { hint: 'name another type in [libvirt] of oz.cfg' },
      );
    }
    // The probe is x86 code in a file of this machine.
    const probed = ['x86_64', 'i386'].includes(hardware.arch) && !place.remote;
    if (best !== 'kvm' || !probed || others.length === 0) return best;
    const verdict = await kvmWorks(connection, cacheDir, context, signal);
    return verdict.works ? best : (others[0] ?? best);
  }

  /** The domain type for an architecture; a failed attempt is made again. */
  function typeFor(hardware: Pick<Hardware, 'arch'>, signal?: AbortSignal): Promise<string> {
    const known = types.get(hardware.arch);
    if (known) return known;
    const finding = findType(hardware, signal);
    types.set(hardware.arch, finding);
    finding.then(
      (type) => settled.set(hardware.arch, type),
      () => types.delete(hardware.arch),
    );
    return finding;
  }

  /** The user that QEMU will run as, where libvirt makes it another one. */
  function ownerFor(type: string): Owner | undefined {
    const owner = capabilities.owners[type];
    return owner && owner.uid !== process.getuid?.() ? owner : undefined;
  }

  async function stagedCopy(medium: LocalMedium, signal?: AbortSignal): Promise<string> {
    stagingDir ??= (async () => {
      const dir = await publicDirectory(tmpdir(), 'ozma-stage-');
      context.ledger.add({ place: 'libvirt', kind: 'staging', ref: dir });
      return dir;
    })();
    const dir = await stagingDir;
    const copy = path.join(dir, `${Date.now()}-${path.basename(medium.path)}`);
    signal?.throwIfAborted();
    await copyFile(medium.path, copy, constants.COPYFILE_FICLONE);
    return copy;
  }

  async function removeStaging(dir: string): Promise<void> {
    if (/^ozma-stage-\w{6}$/.test(path.basename(dir))) {
      await rm(dir, { recursive: true, force: true });
    }
  }

  async function hostFor(spec: GuestSpec, signal?: AbortSignal): Promise<DomainHost> {
    const type = await typeFor(spec.hardware, signal);
    const host = { uri, type, bridge: bridge?.name };
    const owner = ownerFor(type);
    if (!owner || place.remote) return host;
    const files = [spec.disk.ref, ...spec.media.map((medium) => medium.ref)];
    if (spec.boot.kind === 'kernel') files.push(spec.boot.kernel.ref, spec.boot.initrd.ref);
    for (const file of files) {
      const closed = await closedDirectory(file, owner);
      if (closed === null) continue;
      // In a session QEMU runs as the one who started it; root's is no exception.
      if (place.userNetworking)
        return { ...host, owner: `${process.getuid?.()}:${process.getgid?.()}` };
      throw new OzError(
        'OZ_UNREACHABLE_FILE',
        `Cannot start guest ${spec.name}: QEMU runs as user ${owner.uid}, which may not enter ${closed} to reach ${file}`,
        {
          hint: `allow it (setfacl -m u:${owner.uid}:x ${closed}), choose another output_dir and data_dir in oz.cfg, or use uri = qemu:///session`,
        },
      );
    }
    return host;
  }

  async function removeDomain(name: string, from = connection): Promise<void> {
    const found = await from.call(`look for guest ${name}`, 'domainByName', [name]);
    if (!found) return;
    const ignoreGone = (error: unknown) => {
      if (!isGone(error)) throw error;
    };
    const { uuid } = found;
    if (found.active) {
      await from.call(`end guest ${name}`, 'destroyDomain', [uuid]).catch(ignoreGone);
    }
    if (found.persistent) {
      await from.call(`undefine guest ${name}`, 'undefineDomain', [uuid]).catch(ignoreGone);
    }
  }

  /** A domain that the ledger names, wherever it is. */
  async function removeLedgerDomain({ ref, at }: LedgerEntry): Promise<void> {
    if (at === undefined || at === uri) return removeDomain(ref);
    const other = await connectTo(at, context.log);
    try {
      await removeDomain(ref, other);
    } finally {
      await other.close();
    }
  }

  const domainEntry = (name: string): LedgerEntry => ({
    place: 'libvirt',
    kind: 'domain',
    ref: name,
    at: uri,
  });

  return {
    type: 'libvirt',

    async capabilities(call) {
      if (!call?.arch) return libvirtCapabilities(uri, options.type);
      return libvirtCapabilities(uri, await typeFor({ arch: call.arch }, call.signal));
    },

    async check(hardware, call) {
      checkHardware(hardware);
      const { emulator } = guestArch(capabilities, hardware.arch, uri);
      if (emulator && place.driver === 'qemu' && !place.remote) {
        await access(emulator, constants.X_OK).catch((error: unknown) => {
          throw new OzError(
            'OZ_NO_HYPERVISOR',
            `Cannot run ${hardware.arch} guests on ${uri}: ${emulator} can't be run`,
            { cause: error },
          );
        });
      }
      const type = await typeFor(hardware, call?.signal);
      const network = bridge ? `bridge ${bridge.name}` : 'user-mode networking';
      return { summary: `${uri}, ${type}, ${network}` };
    },

    async existing(name, disk, call) {
      const found: Leftover[] = [];
      const domain = await connection.call(`look for guest ${name}`, 'domainByName', [name], call);
      if (domain) found.push({ kind: 'guest', name });
      try {
        await stat(disk);
        found.push({ kind: 'disk', name: disk });
      } catch (error) {
        if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
      }
      return found;
    },

    async clear(name, disk, call) {
      call?.signal?.throwIfAborted();
      await removeDomain(name);
      await rm(disk, { force: true });
    },

    async stage(medium, call): Promise<StagedMedium> {
      const { size } = await stat(medium.path).catch((error: unknown) => {
        throw new OzError(
          'OZ_MEDIUM_MISSING',
          `Cannot use ${medium.label}: ${medium.path} can't be read`,
          { cause: error },
        );
      });
      const owner = place.userNetworking ? undefined : (ownerFor('kvm') ?? ownerFor('qemu'));
      const closed = owner && !place.remote ? await closedDirectory(medium.path, owner) : null;
      const ref = closed === null ? medium.path : await stagedCopy(medium, call?.signal);
      call?.onProgress?.(size, size);
      return { role: medium.role, ref, label: medium.label };
    },

    createDisk: (spec, call) => createLocalDisk(spec, call),

    async syncDisk(disk, call) {
      call?.signal?.throwIfAborted();
      await syncLocalDisk(disk.ref);
    },

    async createGuest(spec, call) {
      const host = await hostFor(spec, call?.signal);
      const there = await connection.call(
        `look for guest ${spec.name}`,
        'domainByName',
        [spec.name],
        call,
      );
      if (there) {
        throw new OzError(
          'OZ_GUEST_EXISTS',
          `Cannot create guest ${spec.name}: a domain of that name exists on ${uri}`,
          { hint: 'remove it, or let oz-install -p do that' },
        );
      }
      const guest = makeGuest({
        connection,
        context,
        spec,
        host,
        bridge,
        entry: domainEntry(spec.name),
        onDestroyed: () => guests.delete(guest.destroy),
      });
      guests.add(guest.destroy);
      return guest;
    },

    describeFinished(spec) {
      const { arch } = spec.hardware;
      const type =
        options.type ?? settled.get(arch) ?? domainTypes(guestArch(capabilities, arch, uri))[0];
      return finishedXml(spec, { uri, type, bridge: bridge?.name });
    },

    async remove(entry) {
      if (entry.kind === 'staging') await removeStaging(entry.ref);
      else if (entry.kind === 'domain') await removeLedgerDomain(entry);
      context.ledger.drop(entry);
    },

    async close() {
      for (const destroy of [...guests]) await destroy();
      if (stagingDir) {
        const dir = await stagingDir;
        await removeStaging(dir);
        context.ledger.drop({ place: 'libvirt', kind: 'staging', ref: dir });
      }
      await connection.close();
    },
  };
}
