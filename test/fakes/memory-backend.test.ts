import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GuestSpec, StopEvent } from '../../backends/backend.ts';
import { memoryBackend, testClock } from './memory-backend.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'ozma-memory-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

function specOf(disk: string): GuestSpec {
  return {
    name: 'g',
    uuid: '00000000-0000-4000-8000-000000000001',
    hardware: {
      arch: 'x86_64',
      firmware: 'bios',
      memory: 512,
      cpus: 1,
      diskBus: 'virtio',
      cdromBus: 'ide',
      nicModel: 'virtio',
      video: 'none',
      input: { type: 'mouse', bus: 'ps2' },
      clock: 'utc',
    },
    boot: { kind: 'disk' },
    disk: { ref: disk, format: 'raw', size: 10 },
    media: [],
    purpose: 'install',
    consoleLog: path.join(path.dirname(disk), 'console.log'),
  };
}

describe('memoryBackend', () => {
  it('runs scripts by the injected clock and tells each stop once', async () => {
    const clock = testClock();
    const place = memoryBackend({
      clock,
      runs: [
        {
          stopAfter: 1000,
          console: [
            { at: 100, text: 'one\n' },
            { at: 900, text: 'two\n' },
          ],
          activity: [{ diskRequests: 1, networkBytes: null }, null],
        },
        { stopAfter: 500, stop: { reason: 'crashed', detail: 'panic' } },
      ],
    });
    const disk = await place.createDisk({ path: path.join(dir, 'd'), format: 'raw', size: 10 });
    const guest = await place.createGuest(specOf(disk.ref));
    const stops: StopEvent[] = [];
    guest.onStop((event) => stops.push(event));
    expect(await guest.state()).toBe('stopped');
    await guest.start();
    await clock.advance(500);
    expect(await guest.console()).toEqual({ size: 4, tail: 'one\n' });
    expect(await guest.activity()).toEqual({ diskRequests: 1, networkBytes: null });
    expect(await guest.activity()).toBeNull();
    expect(await guest.state()).toBe('running');
    expect(stops).toEqual([]);
    await clock.advance(500);
    expect(stops).toEqual([{ reason: 'shutdown' }]);
    await guest.start({ boot: { kind: 'cdrom' } });
    await clock.advance(10_000);
    expect(stops).toEqual([{ reason: 'shutdown' }, { reason: 'crashed', detail: 'panic' }]);
    expect(await guest.state()).toBe('crashed');
    expect(place.boots.map((boot) => boot.kind)).toEqual(['disk', 'cdrom']);
    await guest.destroy();
    expect(await guest.state()).toBe('gone');
    expect(place.live()).toEqual({ guests: [], running: [] });
  });

  it('cuts off a guest that does not obey stop()', async () => {
    const clock = testClock();
    const place = memoryBackend({ clock, runs: [{ shutdownTakes: null }, { shutdownTakes: 10 }] });
    const disk = await place.createDisk({ path: path.join(dir, 'd'), format: 'raw', size: 10 });
    const guest = await place.createGuest(specOf(disk.ref));
    const stops: StopEvent[] = [];
    guest.onStop((event) => stops.push(event));
    for (let run = 0; run < 2; run++) {
      await guest.start();
      const stopping = guest.stop({ graceMs: 2000 });
      await clock.advance(2000);
      await stopping;
    }
    expect(stops.map((stop) => stop.reason)).toEqual(['destroyed', 'shutdown']);
  });

  it('fails where told, finds leftovers, exports', async () => {
    const place = memoryBackend({
      fail: { stage: new Error('no room'), start: new Error('no memory') },
      leftovers: [{ kind: 'guest', name: 'old' }],
    });
    await expect(place.stage({ role: 'kernel', path: '/nowhere', label: 'k' })).rejects.toThrow(
      'no room',
    );
    expect(await place.existing('g', path.join(dir, 'd'))).toEqual([
      { kind: 'guest', name: 'old' },
    ]);
    await place.clear('g', path.join(dir, 'd'));
    expect(await place.existing('g', path.join(dir, 'd'))).toEqual([]);
    const disk = await place.createDisk({ path: path.join(dir, 'd'), format: 'raw', size: 10 });
    expect((await stat(disk.ref)).mode & 0o777).toBe(0o600);
    const guest = await place.createGuest(specOf(disk.ref));
    await expect(guest.start()).rejects.toThrow('no memory');
    await guest.exportDisk(path.join(dir, 'out'), 'raw');
    expect(await readFile(path.join(dir, 'out'), 'utf8')).toBe('memory disk raw 10\n');
    const gone = AbortSignal.abort(new Error('enough'));
    await expect(guest.state({ signal: gone })).rejects.toThrow('enough');
  });
});
