/**
 * Real guests through qemu:///session: boot sectors of a few instructions. Needs
 * libvirt and QEMU; without them it fails.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Backend, Guest, GuestSpec, StopEvent } from '../../../backends/backend.ts';
import { openLibvirt } from '../../../backends/libvirt/index.ts';
import type { LedgerEntry } from '../../../src/base/ledger-entry.ts';
import { idler, resetter, stopper, writer } from './boot-sectors.ts';
import { pcHardware } from './specs.ts';

const timeout = 120_000;

let dir: string;
let backend: Backend;
const ledger = new Map<string, LedgerEntry>();
const context = {
  ledger: {
    add: (entry: LedgerEntry) => void ledger.set(JSON.stringify(entry), entry),
    drop: (entry: LedgerEntry) => void ledger.delete(JSON.stringify(entry)),
    has: (entry: LedgerEntry) => ledger.has(JSON.stringify(entry)),
  },
  log: () => {},
};

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ozma-session-'));
  await chmod(dir, 0o711);
  backend = await openLibvirt({
    uri: 'qemu:///session',
    type: 'qemu', // whether KVM works here is not what this is about
    cacheDir: path.join(dir, 'cache'),
    context,
  });
}, timeout);

// What a test that failed has left would fail those behind it.
afterEach(async () => {
  for (const entry of [...ledger.values()]) await backend.remove(entry);
}, timeout);

afterAll(async () => {
  await backend.close();
  await rm(dir, { recursive: true, force: true });
}, timeout);

// What a failed test leaves is not the next one's.
afterEach(async ({ task }) => {
  const left = [...ledger.values()];
  for (const entry of left) await backend.remove(entry).catch(() => {});
  ledger.clear();
  if (task.result?.state !== 'fail') expect(left).toEqual([]);
}, timeout);

async function makeGuest(
  sector: Buffer,
  changes: Partial<GuestSpec> = {},
  diskDir = dir,
  size = 2 ** 20,
): Promise<{ guest: Guest; spec: GuestSpec; stops: StopEvent[] }> {
  const name = `ozma-test-${randomBytes(4).toString('hex')}`;
  const disk = await backend.createDisk({
    path: path.join(diskDir, `${name}.raw`),
    format: 'raw',
    size,
  });
  const file = await open(disk.ref, 'r+');
  await file.write(sector, 0, sector.length, 0);
  await file.close();
  const spec: GuestSpec = {
    name,
    uuid: randomUUID(),
    hardware: { ...pcHardware, memory: 64, cpus: 1 },
    boot: { kind: 'disk' },
    disk,
    media: [],
    purpose: 'install',
    consoleLog: path.join(dir, `${name}.log`),
    ...changes,
  };
  const guest = await backend.createGuest(spec);
  const stops: StopEvent[] = [];
  guest.onStop((stop) => stops.push(stop));
  return { guest, spec, stops };
}

function answersOn(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket(port, host);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

describe('guests in qemu:///session', () => {
  it(
    'run, are seen and reached, and leave nothing',
    async () => {
      await expect(backend.check(pcHardware)).resolves.toMatchObject({
        summary: 'qemu:///session, qemu, user-mode networking',
      });
      const version = execFileSync('qemu-system-x86_64', ['--version'], { encoding: 'utf8' });
      const [, number] = /version (\d+\.\d+\.\d+)/.exec(version) ?? [];
      expect((await backend.capabilities()).platform).toBe(`http://qemu.org/qemu/${number}`);
      const { guest, spec, stops } = await makeGuest(idler('hello\r\n'));
      expect(await guest.state()).toBe('stopped');
      expect(await guest.address()).toBeNull();
      expect(await guest.screenshot()).toBeNull();
      await guest.start();
      expect(await guest.state()).toBe('running');
      expect([...ledger.values()]).toEqual([
        {
          ...{ place: 'libvirt', kind: 'domain', at: 'qemu:///session' },
          ref: `${spec.name}/${spec.uuid}`,
        },
      ]);
      expect(await backend.existing(spec.name, spec.disk.ref)).toEqual([
        { kind: 'guest', name: spec.name },
        { kind: 'disk', name: spec.disk.ref },
      ]);
      await expect(backend.createGuest(spec)).rejects.toMatchObject({ code: 'OZ_GUEST_EXISTS' });
      await expect
        .poll(() => guest.console(), { timeout: 30_000 })
        .toEqual({
          size: 7,
          tail: 'hello\r\n',
        });
      const activity = await guest.activity();
      expect(activity?.diskRequests).toBeGreaterThan(0);
      const ways = await guest.watch?.();
      expect(ways?.screen).toMatch(/^vnc(\+unix)?:\/\//);
      expect(ways?.commands.join()).toContain('virsh -c qemu:///session screenshot ');
      expect(activity?.bytesWritten).toBeGreaterThanOrEqual(0);
      expect(activity?.networkBytes).toBeNull();
      const png = await guest.screenshot();
      expect(png?.subarray(1, 4).toString()).toBe('PNG');
      await guest.sendKeys([28]);
      const { file, text } = await guest.describe();
      expect(file).toBe('domain.xml');
      expect(text).toContain(`<name>${spec.name}</name>`);
      expect(text).toContain("cache='unsafe'");

      const address = await guest.address();
      expect(address?.host).toBe('127.0.0.1');
      expect(await guest.address()).toEqual(address);
      expect(await answersOn('127.0.0.1', address?.port ?? 0)).toBe(true);

      await guest.stop({ graceMs: 200 });
      expect(await guest.state()).toBe('stopped');
      expect(stops).toEqual([{ reason: 'destroyed', detail: undefined }]);
      await backend.syncDisk(spec.disk);
      await guest.destroy();
      await guest.destroy();
      expect(await guest.state()).toBe('gone');
      expect(await guest.activity()).toEqual(activity);
      expect(await answersOn('127.0.0.1', address?.port ?? 0)).toBe(false);
      expect(ledger.size).toBe(0);
      expect(await backend.existing(spec.name, '/nowhere/disk')).toEqual([]);
    },
    timeout,
  );

  it(
    'are ended by the command that people are told',
    async () => {
      const { guest, spec } = await makeGuest(idler('a'));
      await guest.start();
      const [entry] = [...ledger.values()];
      if (!entry) throw new Error('nothing is in the ledger');
      const command = await backend.removal?.(entry);
      expect(command).toBe(`virsh -c qemu:///session destroy ${spec.name}`);
      execFileSync('sh', ['-c', command ?? 'false']);
      await expect.poll(() => guest.state(), { timeout: 30_000 }).toBe('stopped');
      expect(await backend.removal?.(entry)).toBeNull();
      expect((await guest.watch?.())?.commands).toEqual([]);
      await guest.destroy();
    },
    timeout,
  );

  it(
    'get a port each',
    async () => {
      const made = await Promise.all([makeGuest(idler('a')), makeGuest(idler('b'))]);
      await Promise.all(made.map(({ guest }) => guest.start()));
      const ports = await Promise.all(
        made.map(async ({ guest }) => (await guest.address())?.port ?? 0),
      );
      expect(new Set(ports).size).toBe(2);
      for (const port of ports) expect(await answersOn('127.0.0.1', port)).toBe(true);
      await Promise.all(made.map(({ guest }) => guest.destroy()));
    },
    timeout,
  );

  it(
    'tell once how each run ended, and start again',
    async () => {
      const { guest, stops } = await makeGuest(stopper('off\r\n'));
      await guest.start();
      await expect.poll(() => stops, { timeout: 30_000 }).toHaveLength(1);
      expect(stops[0]).toEqual({ reason: 'shutdown', detail: undefined });
      expect(await guest.state()).toBe('stopped');
      await guest.start({ boot: { kind: 'disk' } });
      await expect.poll(() => stops, { timeout: 30_000 }).toHaveLength(2);
      expect((await guest.console())?.tail).toBe('off\r\noff\r\n');
      await guest.destroy();
      expect(stops).toHaveLength(2);
    },
    timeout,
  );

  it(
    'are asked for all there is while they end, and end well',
    async () => {
      const ask = async () => {
        const { guest, stops } = await makeGuest(stopper('off\r\n'));
        await guest.start();
        while (stops.length === 0) {
          await Promise.all([guest.activity(), guest.sendKeys([28]), guest.address()]);
          await guest.screenshot();
        }
        expect(stops).toEqual([{ reason: 'shutdown', detail: undefined }]);
        await guest.destroy();
      };
      for (let round = 0; round < 3; round++) await Promise.all([ask(), ask(), ask()]);
    },
    timeout,
  );

  it(
    'have written where their disk has grown, however short they lasted',
    async () => {
      const idle = await makeGuest(stopper('off\r\n'));
      const busy = await makeGuest(writer(), {}, dir, 2 ** 24);
      const grown: boolean[] = [];
      for (const { guest, spec, stops } of [idle, busy]) {
        const before = (await backend.allocated?.(spec.disk)) ?? Number.NaN;
        await guest.start();
        // libvirt's own notes beside the file count as well, for as long as the guest runs.
        const enough = async () => ((await backend.allocated?.(spec.disk)) ?? 0) > before + 65_536;
        await expect
          .poll(async () => stops.length > 0 || (await enough()), { timeout: 30_000 })
          .toBe(true);
        await guest.destroy();
        grown.push(((await backend.allocated?.(spec.disk)) ?? Number.NaN) > before);
      }
      expect(grown).toEqual([false, true]);
    },
    timeout,
  );

  it(
    'that somebody else ends have not powered off',
    async () => {
      const { guest, spec, stops } = await makeGuest(idler('x'));
      await guest.start();
      execFileSync('virsh', ['-c', 'qemu:///session', 'destroy', spec.name]);
      await expect.poll(() => stops, { timeout: 30_000 }).toHaveLength(1);
      expect(stops[0]?.reason).toBe('destroyed');
      await guest.destroy();

      const other = await makeGuest(idler('x'));
      await other.guest.start();
      const [pid] = (await readdir('/proc')).filter((name) => {
        try {
          return readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(
            `guest=${other.spec.name}`,
          );
        } catch {
          return false;
        }
      });
      process.kill(Number(pid), 'SIGTERM');
      await expect.poll(() => other.stops, { timeout: 30_000 }).toHaveLength(1);
      expect(other.stops[0]?.reason).toBe('destroyed');
      await other.guest.destroy();
    },
    timeout,
  );

  it(
    'end at a reset while installing, and go on while running',
    async () => {
      const install = await makeGuest(resetter('once\r\n'));
      await install.guest.start();
      await expect.poll(() => install.stops, { timeout: 30_000 }).toHaveLength(1);
      expect(install.stops[0]?.reason).toBe('shutdown');
      expect((await install.guest.console())?.tail).toBe('once\r\n');
      await install.guest.destroy();

      const run = await makeGuest(resetter('again\r\n'), { purpose: 'run' });
      await run.guest.start();
      await expect
        .poll(async () => (await run.guest.console())?.size, { timeout: 30_000 })
        .toBeGreaterThanOrEqual(14);
      expect(run.stops).toEqual([]);
      await run.guest.destroy();
      expect(run.stops).toEqual([{ reason: 'destroyed', detail: undefined }]);
    },
    timeout,
  );

  it(
    'boot by EFI, whose variables go with them',
    async () => {
      const { guest, spec } = await makeGuest(idler('never seen'), {
        hardware: { ...pcHardware, firmware: 'efi', machine: 'q35', cdromBus: 'sata', cpus: 1 },
      });
      await guest.start();
      expect(await guest.state()).toBe('running');
      const variables = path.join(dir, `${spec.name}_VARS.fd`);
      expect((await readFile(variables)).length).toBeGreaterThan(0);
      await guest.destroy();
      await expect(readFile(variables)).rejects.toThrow('ENOENT');
    },
    timeout,
  );

  it(
    'are removed by -p, by the ledger, and by close()',
    async () => {
      const first = await makeGuest(idler('x'));
      await first.guest.start();
      await backend.clear(first.spec.name, first.spec.disk.ref);
      expect(await backend.existing(first.spec.name, first.spec.disk.ref)).toEqual([]);
      await expect.poll(() => first.stops, { timeout: 30_000 }).toHaveLength(1);
      await first.guest.destroy();

      const second = await makeGuest(idler('x'));
      await second.guest.start();
      const [entry] = [...ledger.values()];
      if (!entry) throw new Error('nothing in the ledger');
      const other = await openLibvirt({
        uri: 'qemu:///session',
        type: 'qemu',
        cacheDir: path.join(dir, 'cache'),
        context,
      });
      await other.remove(entry);
      await other.remove(entry);
      expect(ledger.size).toBe(0);
      await expect.poll(() => second.stops, { timeout: 30_000 }).toHaveLength(1);

      const third = await makeGuest(idler('x'));
      // a guest of another backend object: its close() must end it
      const guest = await other.createGuest(third.spec);
      await guest.start();
      await other.close();
      expect(await backend.existing(third.spec.name, '/nowhere/disk')).toEqual([]);
      expect(ledger.size).toBe(0);
    },
    timeout,
  );

  it(
    'outlive close() when the ledger was told to keep them (--on-error=keep)',
    async () => {
      const { spec } = await makeGuest(idler('x'));
      const other = await openLibvirt({
        uri: 'qemu:///session',
        type: 'qemu',
        cacheDir: path.join(dir, 'cache'),
        context,
      });
      const guest = await other.createGuest(spec);
      await guest.start();
      const [entry] = [...ledger.values()];
      if (!entry) throw new Error('nothing in the ledger');
      context.ledger.drop(entry);
      await other.close();
      const kept = await backend.existing(spec.name, '/nowhere/disk');
      await backend.clear(spec.name, spec.disk.ref);
      expect(kept).toEqual([{ kind: 'guest', name: spec.name }]);
    },
    timeout,
  );

  it(
    'refuse what QEMU would, before anything is made',
    async () => {
      const q35 = { ...pcHardware, machine: 'q35' };
      await expect(backend.check(q35)).rejects.toMatchObject({ code: 'OZ_HARDWARE_UNSUPPORTED' });
      const foreign = { ...pcHardware, arch: 's390x' as const };
      await expect(backend.check(foreign)).rejects.toMatchObject({ code: 'OZ_NO_HYPERVISOR' });
      const { guest, spec } = await makeGuest(idler('x'), {
        hardware: { ...pcHardware, memory: 2 ** 30 },
      });
      await expect(guest.start()).rejects.toMatchObject({ code: 'OZ_LIBVIRT_FAILED' });
      expect(ledger.size).toBe(0);
      expect(await backend.existing(spec.name, '/nowhere/disk')).toEqual([]);
    },
    timeout,
  );

  it.runIf(process.getuid?.() === 0)(
    'say so when the host disk is full',
    async () => {
      const small = path.join(dir, 'small');
      execFileSync('mkdir', ['-m', '711', small]);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0711', 'ozma-test', small]);
      try {
        const { guest, stops } = await makeGuest(writer(), {}, small, 2 ** 26);
        await guest.start();
        await expect.poll(() => stops, { timeout: 60_000 }).toHaveLength(1);
        expect(stops[0]).toEqual({ reason: 'failed', detail: 'the host disk is full' });
        expect(await guest.state()).toBe('paused');
        expect((await guest.screenshot())?.subarray(1, 4).toString()).toBe('PNG');
        await guest.destroy();
        expect(stops).toHaveLength(1);
      } finally {
        execFileSync('umount', [small]);
      }
    },
    timeout,
  );

  it('leave no file but disks and console logs', async () => {
    const names = await readdir(dir);
    expect(names.filter((name) => !/\.(raw|log)$|^small$/.test(name))).toEqual([]);
  });
});
