/** The Backend of one libvirt connection. */
import { rm, stat } from 'node:fs/promises';
import { eachInTurn } from '../../src/base/each-in-turn.ts';
import { codeOf, messageOf, OzError } from '../../src/base/errors.ts';
import type { LedgerEntry } from '../../src/base/ledger-entry.ts';
import type { Backend, BackendContext, Guest, GuestSpec, Leftover } from '../backend.ts';
import { libvirtCapabilities } from './abilities.ts';
import type { HostCapabilities } from './caps.ts';
import type { Connection } from './connection.ts';
import { type DomainHost, finishedXml } from './domain-xml.ts';
import { checkEmulation, emulatesCx16 } from './emulation.ts';
import { isGone } from './failures.ts';
import { makeGuest } from './guest.ts';
import { openHypervisor } from './hypervisor.ts';
import { localStorage } from './local-storage.ts';
import type { Bridge } from './network.ts';
import { platformOf } from './platform.ts';
import { closedDirectory, type Owner } from './reach.ts';
import { remoteStorage, removePool, removeVolume } from './remote-storage.ts';
import { readUri } from './uri.ts';
import { removalOf } from './ways-to-look.ts';

export interface PlaceParts {
  uri: string;
  type?: string | undefined;
  cacheDir: string;
  context: BackendContext;
  connection: Connection;
  capabilities: HostCapabilities;
  /** Null: user-mode networking. */
  bridge: Bridge | null;
  /** Connects to another place that a ledger names. */
  connectTo(uri: string): Promise<Connection>;
}

async function removeDomain(connection: Connection, name: string): Promise<void> {
  const found = await connection.call(`look for guest ${name}`, 'domainByName', [name]);
  if (!found) return;
  const ignoreGone = (error: unknown) => {
    if (!isGone(error)) throw error;
  };
  const { uuid } = found;
  if (found.active) {
    await connection.call(`end guest ${name}`, 'destroyDomain', [uuid]).catch(ignoreGone);
  }
  if (found.persistent) {
    await connection.call(`undefine guest ${name}`, 'undefineDomain', [uuid]).catch(ignoreGone);
  }
}

/** What a ledger calls a domain: later another one may have its name. */
function domainRef({ name, uuid }: Pick<GuestSpec, 'name' | 'uuid'>): string {
  return `${name}/${uuid}`;
}

/**
 * Removes a domain that a ledger names. Ours are not persistent: one that is has been made, or
 * taken over, by somebody else since.
 */
async function removeLeftDomain(connection: Connection, ref: string): Promise<void> {
  const [name = '', uuid] = ref.split('/');
  const found = await connection.call(`look for guest ${name}`, 'domainByName', [name]);
  if (!found || found.persistent) return;
  if (uuid === undefined || found.uuid === uuid.toLowerCase()) await removeDomain(connection, name);
}

/** How each kind of resource in a ledger is removed. */
const removers: Record<string, (connection: Connection, ref: string) => Promise<void>> = {
  domain: removeLeftDomain,
  volume: removeVolume,
  pool: removePool,
};

/** Another host may be gone, or ask for a password. */
function elsewhere({ kind, ref, at }: LedgerEntry, uri: string): OzError {
  return new OzError(
    'OZ_LIBVIRT_PLACE',
    `Cannot remove ${kind} ${ref}: it is in ${at}, and this is ${uri}`,
    { hint: 'run it again with that uri in [libvirt] of oz.cfg' },
  );
}

function filesOf(spec: GuestSpec): string[] {
  const { boot, disk, media } = spec;
  const started = boot.kind === 'kernel' ? [boot.kernel.ref, boot.initrd.ref] : [];
  return [
    disk.ref,
    ...media.flatMap(({ ref, base }) => (base === undefined ? [ref] : [ref, base])),
    ...started,
  ];
}

export function makePlace(parts: PlaceParts): Backend {
  const { uri, context, connection, capabilities, bridge } = parts;
  const { driver, remote, userNetworking } = readUri(uri);
  const hypervisor = openHypervisor(parts, connection, capabilities);
  const guests = new Map<Guest, LedgerEntry>();

  /** The user that QEMU will run as, where libvirt makes it another one. */
  function ownerFor(type: string): Owner | undefined {
    const owner = capabilities.owners[type];
    return owner && owner.uid !== process.getuid?.() ? owner : undefined;
  }

  const storage = remote
    ? remoteStorage(context, connection, uri)
    : // In a session QEMU can be made to run as the one who started it (below).
      localStorage(context, userNetworking ? undefined : (ownerFor('kvm') ?? ownerFor('qemu')));

  /** Undefined where the hypervisor does not tell: all it does is narrow a choice. */
  async function versionHere(signal?: AbortSignal): Promise<number | undefined> {
    try {
      return await connection.call("ask for the hypervisor's version", 'version', [], { signal });
    } catch (error) {
      signal?.throwIfAborted();
      context.log(messageOf(error));
      return undefined;
    }
  }

  async function hostFor(spec: GuestSpec, signal?: AbortSignal): Promise<DomainHost> {
    const type = await hypervisor.typeFor(spec.hardware.arch, signal);
    const emulated = driver === 'qemu' && type === 'qemu';
    const cx16 = emulated && emulatesCx16(await versionHere(signal));
    const host = { uri, type, bridge: bridge?.name, cx16 };
    const owner = ownerFor(type);
    if (!owner || remote) return host;
    for (const file of filesOf(spec)) {
      const closed = await closedDirectory(file, owner);
      if (closed === null) continue;
      if (userNetworking) return { ...host, owner: `${process.getuid?.()}:${process.getgid?.()}` };
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

  return {
    type: 'libvirt',

    async capabilities(call) {
      const type = call?.arch && (await hypervisor.typeFor(call.arch, call.signal));
      const version = await versionHere(call?.signal);
      const platform = version === undefined ? undefined : platformOf(driver, version);
      // On a bridge of the host's own, whoever hands out addresses does not tell us.
      const announce = bridge !== null && bridge.network === undefined && !remote;
      return { ...libvirtCapabilities(uri, type), platform, ...(announce && { announce }) };
    },

    async check(hardware, call) {
      await hypervisor.check(hardware);
      const type = await hypervisor.typeFor(hardware.arch, call?.signal);
      checkEmulation(hardware, type, await versionHere(call?.signal), uri);
      const network = bridge ? `bridge ${bridge.name}` : 'user-mode networking';
      return { summary: `${uri}, ${type}, ${network}` };
    },

    async existing(name, disk, call) {
      const found: Leftover[] = [];
      const action = `look for guest ${name}`;
      if (await connection.call(action, 'domainByName', [name], call)) {
        found.push({ kind: 'guest', name });
      }
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
      await removeDomain(connection, name);
      await rm(disk, { force: true });
    },

    stage: (medium, call) => storage.stage(medium, call),
    createDisk: (spec, call) => storage.createDisk(spec, call),

    async syncDisk(disk, call) {
      call?.signal?.throwIfAborted();
      await storage.sync(disk);
    },

    async allocated(disk, call) {
      call?.signal?.throwIfAborted();
      return storage.allocated(disk, call);
    },

    async createGuest(spec, call) {
      const host = await hostFor(spec, call?.signal);
      const { name } = spec;
      if (await connection.call(`look for guest ${name}`, 'domainByName', [name], call)) {
        throw new OzError(
          'OZ_GUEST_EXISTS',
          `Cannot create guest ${name}: a domain of that name exists on ${uri}`,
          { hint: 'remove it, or let oz-install -p do that' },
        );
      }
      const entry: LedgerEntry = {
        ...{ place: 'libvirt', kind: 'domain', ref: domainRef(spec), at: uri },
      };
      const onDestroyed = () => void guests.delete(guest);
      const guest = makeGuest({
        connection,
        context,
        storage,
        spec,
        host,
        bridge,
        entry,
        onDestroyed,
      });
      guests.set(guest, entry);
      return guest;
    },

    describeFinished: (spec) =>
      finishedXml(spec, {
        uri,
        type: hypervisor.likelyType(spec.hardware.arch),
        bridge: bridge?.name,
      }),

    async remove(entry) {
      const remove = removers[entry.kind];
      if (remove && (entry.at === undefined || entry.at === uri)) {
        await remove(connection, entry.ref);
      } else if (remove && entry.at !== undefined) {
        if (readUri(entry.at).remote) throw elsewhere(entry, uri);
        const other = await parts.connectTo(entry.at);
        try {
          await remove(other, entry.ref);
        } finally {
          await other.close();
        }
      }
      context.ledger.drop(entry);
    },

    async removal({ kind, ref, at }, call) {
      const name = ref.split('/')[0] ?? ref;
      const action = `look for guest ${name}`;
      if (kind === 'domain' && !(await connection.call(action, 'domainByName', [name], call))) {
        return null;
      }
      return removalOf(kind, ref, at ?? uri);
    },

    async close() {
      const left = [...guests].filter(([, entry]) => context.ledger.has(entry));
      await eachInTurn([
        ...left.map(
          ([guest]) =>
            () =>
              guest.destroy(),
        ),
        () => storage.close(),
        () => connection.close(),
      ]);
    },
  };
}
