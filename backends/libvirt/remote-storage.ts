/**
 * Storage for a hypervisor on another machine: volumes in one of its directory
 * pools, filled and read through libvirt's streams.
 */
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { OzError } from '../../src/base/errors.ts';
import type { LedgerEntry } from '../../src/base/ledger-entry.ts';
import { inPassingDirectory } from '../../src/base/passing-directory.ts';
import { type Piece, piecesOf, sizeOf } from '../../src/media/splice.ts';
import type { TransferOptions } from '../backend.ts';
import { parseXml } from './caps.ts';
import type { Connection } from './connection.ts';
import { toXml, xmlElement } from './domain-xml.ts';
import { isGone } from './failures.ts';
import { createLocalDisk, exportLocalDisk } from './local-disk.ts';
import type { Storage, StorageContext } from './storage.ts';

/** Where a pool is made when the host has none. */
const defaultDirectory = '/var/lib/libvirt/images';

interface PoolDocument {
  pool?: { '@type'?: string };
}

function poolXml(name: string, directory: string): string {
  return toXml(
    xmlElement('pool', { type: 'dir' }, [
      xmlElement('name', {}, [name]),
      xmlElement('target', {}, [xmlElement('path', {}, [directory])]),
    ]),
  );
}

function volumeXml(name: string, format: string, capacity: number): string {
  return toXml(
    xmlElement('volume', { type: 'file' }, [
      xmlElement('name', {}, [name]),
      xmlElement('capacity', { unit: 'B' }, [String(capacity)]),
      xmlElement('allocation', {}, ['0']),
      xmlElement('target', {}, [
        xmlElement('format', { type: format }),
        xmlElement('permissions', {}, [xmlElement('mode', {}, ['0600'])]),
      ]),
    ]),
  );
}

/** Removes a volume that a ledger names as `pool/name`; one that is gone is no error. */
export async function removeVolume(connection: Connection, ref: string): Promise<void> {
  const [pool = '', ...rest] = ref.split('/');
  try {
    await connection.call(`remove volume ${ref}`, 'deleteVolume', [pool, rest.join('/')]);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function unknownDisk(doing: string, ref: string): OzError {
  return new OzError('OZ_DISK_UNKNOWN', `Cannot ${doing} ${ref}: it was not made here`);
}

/** Ends a pool that was made for one build; its directory and files stay. */
export async function removePool(connection: Connection, name: string): Promise<void> {
  try {
    await connection.call(`remove pool ${name}`, 'destroyPool', [name]);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

export function remoteStorage(
  context: StorageContext,
  connection: Connection,
  uri: string,
  directory = defaultDirectory,
): Storage {
  const prefix = `ozma-${randomBytes(4).toString('hex')}`;
  const entry = (kind: string, ref: string): LedgerEntry => ({
    place: 'libvirt',
    kind,
    ref,
    at: uri,
  });
  /** Names in the pool by path on the host. */
  const volumes = new Map<string, string>();
  let ownPool: string | undefined;
  let finding: Promise<string> | undefined;

  /** An active directory pool (`default` first), else one made for this build. */
  async function findPool(): Promise<string> {
    const pools = await connection.call('list storage pools', 'activePools', []);
    const usable = pools
      .filter(({ xml }) => parseXml<PoolDocument>(xml).pool?.['@type'] === 'dir')
      .map(({ name }) => name);
    const chosen = usable.find((name) => name === 'default') ?? usable[0];
    if (chosen !== undefined) return chosen;
    context.ledger.add(entry('pool', prefix));
    await connection.call(`use ${directory} of ${uri}`, 'createPool', [poolXml(prefix, directory)]);
    ownPool = prefix;
    return prefix;
  }
  const pool = () => {
    finding ??= findPool();
    return finding;
  };

  /** Makes a volume of these bytes; returns its path there. */
  async function upload(
    pieces: readonly Piece[],
    label: string,
    format: string,
    options: TransferOptions = {},
  ): Promise<string> {
    const poolName = await pool();
    const size = sizeOf(pieces);
    const name = `${prefix}-${volumes.size}-${label.replace(/[^\w.-]+/g, '_')}`;
    context.ledger.add(entry('volume', `${poolName}/${name}`));
    const action = `upload ${label}`;
    const there = await connection.call(action, 'createVolume', [
      poolName,
      volumeXml(name, format, size),
    ]);
    volumes.set(there, name);
    await connection.call(action, 'uploadVolume', [poolName, name, pieces], options);
    return there;
  }

  const inTemporary = <T>(use: (dir: string) => Promise<T>): Promise<T> =>
    inPassingDirectory(context.ledger, tmpdir(), 'ozma-transfer-', use);

  return {
    async stage(medium, options) {
      const pieces = await piecesOf(medium.path, medium.splice);
      const ref = await upload(pieces, path.basename(medium.path), 'raw', options);
      return { role: medium.role, ref, label: medium.label };
    },

    async createDisk(spec, options) {
      const label = path.basename(spec.path);
      if (spec.from !== undefined) {
        return inTemporary(async (dir) => {
          const file = path.join(dir, 'disk');
          const made = await createLocalDisk({ ...spec, path: file }, { signal: options?.signal });
          const ref = await upload(await piecesOf(file), label, spec.format, options);
          return { ...made, remote: true, ref };
        });
      }
      const poolName = await pool();
      const name = `${prefix}-${volumes.size}-${label.replace(/[^\w.-]+/g, '_')}`;
      context.ledger.add(entry('volume', `${poolName}/${name}`));
      const ref = await connection.call(
        'make the disk',
        'createVolume',
        [poolName, volumeXml(name, spec.format, spec.size)],
        options,
      );
      volumes.set(ref, name);
      return { ref, remote: true, format: spec.format, size: spec.size };
    },

    // Guests of a remote host do not run with an unsafe cache: their QEMU has synced its disk.
    async sync() {},

    async allocated({ ref }, options) {
      const name = volumes.get(ref);
      if (name === undefined) throw unknownDisk('look at', ref);
      const args: [string, string] = [await pool(), name];
      return connection.call('look at the disk', 'volumeAllocation', args, options);
    },

    async exportDisk(disk, target, format, options) {
      const name = volumes.get(disk.ref);
      if (name === undefined) throw unknownDisk('export', disk.ref);
      const poolName = await pool();
      await inTemporary(async (dir) => {
        const file = path.join(dir, 'disk');
        await connection.call(
          'download the disk',
          'downloadVolume',
          [poolName, name, file],
          options,
        );
        await exportLocalDisk({ ...disk, ref: file }, target, format, { signal: options?.signal });
      });
    },

    async close() {
      const poolName = finding && (await finding.catch(() => undefined));
      if (poolName !== undefined) {
        for (const [there, name] of volumes) {
          const made = entry('volume', `${poolName}/${name}`);
          if (!context.ledger.has(made)) continue;
          await removeVolume(connection, made.ref);
          context.ledger.drop(made);
          volumes.delete(there);
        }
      }
      if (ownPool !== undefined && context.ledger.has(entry('pool', prefix)))
        await removePool(connection, ownPool);
      context.ledger.drop(entry('pool', prefix));
    },
  };
}
