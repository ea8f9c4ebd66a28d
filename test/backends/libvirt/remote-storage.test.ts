/** Volumes and streams of a real libvirt; that it is on this machine makes no difference to them. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Connection, connect } from '../../../backends/libvirt/connection.ts';
import {
  remoteStorage,
  removePool,
  removeVolume,
} from '../../../backends/libvirt/remote-storage.ts';
import { ensureRootDaemon, needsRootDaemon } from '../../../backends/libvirt/root-daemon.ts';
import type { LedgerEntry } from '../../../src/base/ledger-entry.ts';
import { runTool } from '../../../src/base/run-tool.ts';

const uri = 'qemu:///session';
let dir: string;
let pool: string;
let connection: Connection;
const ledger = new Map<string, LedgerEntry>();
const context = {
  ledger: {
    add: (entry: LedgerEntry) => void ledger.set(`${entry.kind} ${entry.ref}`, entry),
    drop: (entry: LedgerEntry) => void ledger.delete(`${entry.kind} ${entry.ref}`),
    has: (entry: LedgerEntry) => ledger.has(`${entry.kind} ${entry.ref}`),
  },
  log: () => {},
};

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ozma-remote-'));
  await chmod(dir, 0o711);
  pool = await mkdtemp(path.join(dir, 'pool-'));
  if (needsRootDaemon(uri)) await ensureRootDaemon(() => {});
  const real = await connect(uri);
  // The machine's own pools are not for tests.
  connection = {
    ...real,
    call: (action, operation, args, extras) =>
      operation === 'activePools'
        ? Promise.resolve([] as never)
        : real.call(action, operation, args, extras),
  };
}, 60_000);

afterAll(async () => {
  await connection.close();
  await rm(dir, { recursive: true, force: true });
});

describe('remote storage', () => {
  it('carries files there and back, and leaves nothing', async () => {
    const storage = remoteStorage(context, connection, uri, pool);
    const content = randomBytes(3_000_001);
    const file = path.join(dir, 'a kernel');
    await writeFile(file, content);
    const seen: number[] = [];
    const staged = await storage.stage(
      { role: 'kernel', path: file, label: 'the kernel' },
      { onProgress: (done) => seen.push(done) },
    );
    expect(path.dirname(staged.ref)).toBe(pool);
    expect((await readFile(staged.ref)).equals(content)).toBe(true);
    expect(seen.at(-1)).toBe(content.length);

    const blank = await storage.createDisk({ path: '/x/d.qcow2', format: 'qcow2', size: 2 ** 30 });
    const { stdout } = await runTool('qemu-img', ['info', '--output=json', blank.ref]);
    expect(JSON.parse(stdout.toString())).toMatchObject({
      format: 'qcow2',
      'virtual-size': 2 ** 30,
    });

    const jeos = path.join(dir, 'jeos.raw');
    await writeFile(jeos, Buffer.alloc(2 ** 20, 'j'));
    const copy = await storage.createDisk({
      path: '/x/d.raw',
      format: 'raw',
      size: 2 ** 21,
      from: jeos,
    });
    expect(await storage.allocated(copy)).toBeGreaterThan(
      (await storage.allocated(blank)) + 2 ** 19,
    );
    const signal = AbortSignal.abort(new Error('Ctrl-C'));
    await expect(storage.allocated(copy, { signal })).rejects.toThrow('Ctrl-C');
    const target = path.join(dir, 'out.raw');
    await storage.exportDisk(copy, target, 'raw');
    const back = await readFile(target);
    expect(back.length).toBe(2 ** 21);
    expect(back.subarray(0, 2 ** 20).equals(await readFile(jeos))).toBe(true);
    expect(back.subarray(2 ** 20).every((byte) => byte === 0)).toBe(true);

    expect([...ledger.values()].map((entry) => entry.kind).sort()).toEqual([
      'pool',
      'volume',
      'volume',
      'volume',
    ]);
    await storage.close();
    expect(ledger.size).toBe(0);
    expect(await readdir(pool)).toEqual([]);
  }, 60_000);

  it('leaves what the ledger was told to keep', async () => {
    const storage = remoteStorage(context, connection, uri, pool);
    const disk = await storage.createDisk({ path: '/x/d.raw', format: 'raw', size: 2 ** 20 });
    const entries = [...ledger.values()];
    ledger.clear();
    await storage.close();
    expect(await readdir(pool)).toEqual([path.basename(disk.ref)]);
    for (const { kind, ref } of entries.toReversed())
      await (kind === 'pool' ? removePool : removeVolume)(connection, ref);
  }, 60_000);

  it('is cleared by the ledger after a crash', async () => {
    const storage = remoteStorage(context, connection, uri, pool);
    await storage.createDisk({ path: '/x/d.raw', format: 'raw', size: 2 ** 20 });
    expect(await readdir(pool)).toHaveLength(1);
    const entries = [...ledger.values()];
    for (let twice = 0; twice < 2; twice++) {
      for (const entry of entries.filter(({ kind }) => kind === 'volume')) {
        await removeVolume(connection, entry.ref);
      }
      for (const entry of entries.filter(({ kind }) => kind === 'pool')) {
        await removePool(connection, entry.ref);
      }
    }
    expect(await readdir(pool)).toEqual([]);
    ledger.clear();
  }, 60_000);

  it('ends a transfer when it is aborted', async () => {
    const storage = remoteStorage(context, connection, uri, pool);
    const file = path.join(dir, 'big');
    await runTool('truncate', ['-s', '2G', file]);
    const abort = new AbortController();
    const transfer = storage.stage(
      { role: 'installer', path: file, label: 'big' },
      { signal: abort.signal, onProgress: () => abort.abort(new Error('enough')) },
    );
    await expect(transfer).rejects.toThrow('enough');
    await storage.close();
    expect(await readdir(pool)).toEqual([]);
    expect(ledger.size).toBe(0);
  }, 60_000);
});
