import { afterEach, describe, expect, it } from 'vitest';
import type { Activity } from '../../backends/backend.ts';
import { OzError } from '../../src/base/errors.ts';
import { createEventStream } from '../../src/engine/event-stream.ts';
import type { BuildEvent } from '../../src/engine/events.ts';
import { FailedStart } from '../../src/engine/once-more.ts';
import { listenForStops } from '../../src/engine/stops.ts';
import { type WaitOptions, waitForInstall } from '../../src/engine/waiter.ts';
import { memoryBackend, type ScriptedRun, testClock } from '../fakes/memory-backend.ts';
import { guestSpec } from '../fakes/specs.ts';

const aborts: AbortController[] = [];
afterEach(() => {
  for (const abort of aborts.splice(0)) abort.abort(new Error('test over'));
});

/** Starts a scripted guest and the waiter on it. */
async function waiting(runs: ScriptedRun[], options: Partial<WaitOptions> = {}) {
  const clock = testClock();
  const backend = memoryBackend({ clock, runs });
  const guest = await backend.createGuest(guestSpec('waited'));
  const stops = listenForStops(guest, clock);
  const stream = createEventStream();
  const events: BuildEvent[] = [];
  stream.subscribe((event) => events.push(event));
  const abort = new AbortController();
  aborts.push(abort);
  await guest.start();
  let outcome: unknown = 'waiting';
  const done = waitForInstall({
    guest,
    stops,
    clock,
    emit: stream.emit,
    signal: abort.signal,
    reboots: 0,
    timeouts: { install: 1_200_000, inactivity: 300_000 },
    failurePatterns: [],
    restart: () => guest.start({ boot: { kind: 'disk' } }),
    ...options,
  }).then(
    () => {
      outcome = 'done';
    },
    (error: unknown) => {
      outcome = error;
    },
  );
  return { clock, backend, events, abort, done, outcome: () => outcome };
}

/** Disk requests that go up by one each second until `until`, in milliseconds. */
const busyUntil =
  (until: number) =>
  (elapsed: number): Activity => ({
    diskRequests: Math.floor(Math.min(elapsed, until) / 1000),
    networkBytes: 0,
  });

describe('waitForInstall()', () => {
  it('succeeds at power-off, however quiet the last minutes were', async () => {
    const { clock, outcome } = await waiting([{ stopAfter: 290_000, activity: busyUntil(10_000) }]);
    await clock.advance(289_000);
    expect(outcome()).toBe('waiting');
    await clock.advance(1_000);
    expect(outcome()).toBe('done');
  });

  it('starts the guest again after each expected restart', async () => {
    const { clock, backend, outcome } = await waiting(
      [{ stopAfter: 5_000 }, { stopAfter: 5_000 }, { stopAfter: 5_000 }],
      { reboots: 2 },
    );
    await clock.advance(14_000);
    expect(outcome()).toBe('waiting');
    await clock.advance(2_000);
    expect(outcome()).toBe('done');
    expect(backend.boots.map((boot) => boot.kind)).toEqual(['disk', 'disk', 'disk']);
  });

  it('fails after the inactivity limit, not before', async () => {
    const { clock, outcome } = await waiting([{ activity: busyUntil(60_000) }]);
    await clock.advance(355_000);
    expect(outcome()).toBe('waiting');
    await clock.advance(10_000);
    expect(outcome()).toMatchObject({ code: 'OZ_INSTALL_INACTIVE', hint: expect.any(String) });
  });

  it('is not kept alive by the murmur of a network', async () => {
    const murmur = (elapsed: number) => ({ diskRequests: 7, networkBytes: elapsed / 10 });
    const { clock, outcome } = await waiting([{ activity: murmur }]);
    await clock.advance(320_000);
    expect(outcome()).toMatchObject({ code: 'OZ_INSTALL_INACTIVE' });
  });

  it('is kept alive by a download that touches no disk', async () => {
    const download = (elapsed: number) => ({ diskRequests: 7, networkBytes: elapsed * 5 });
    const { clock, outcome } = await waiting([{ activity: download, stopAfter: 900_000 }]);
    await clock.advance(899_000);
    expect(outcome()).toBe('waiting');
    await clock.advance(2_000);
    expect(outcome()).toBe('done');
  });

  it('looks at the console where the place tells nothing of the network', async () => {
    const lines = Array.from({ length: 20 }, (_, i) => ({ at: i * 20_000, text: `line ${i}\n` }));
    const { clock, outcome, events } = await waiting([
      { activity: () => ({ diskRequests: 3, networkBytes: null }), console: lines },
    ]);
    await clock.advance(400_000);
    expect(outcome()).toBe('waiting');
    await clock.advance(300_000);
    expect(outcome()).toMatchObject({ code: 'OZ_INSTALL_INACTIVE' });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'log', text: 'activity is judged by: disk, console' }),
    );
  });

  it('falls back to the deadline alone where nothing is told', async () => {
    const { clock, outcome, events } = await waiting([{ activity: [null] }]);
    await clock.advance(1_195_000);
    expect(outcome()).toBe('waiting');
    await clock.advance(10_000);
    expect(outcome()).toMatchObject({ code: 'OZ_INSTALL_TIMEOUT' });
    expect(events).toContainEqual(
      expect.objectContaining({ text: 'activity is judged by: the deadline alone' }),
    );
  });

  it('takes no silence on a console for inactivity that nothing is expected on', async () => {
    const firmware = [{ at: 1_000, text: 'BdsDxe: starting Boot0001\n' }];
    const { clock, outcome, events } = await waiting(
      [{ activity: [null], console: firmware, stopAfter: 900_000 }],
      { silentConsole: true },
    );
    await clock.advance(899_000);
    expect(outcome()).toBe('waiting');
    await clock.advance(2_000);
    expect(outcome()).toBe('done');
    expect(events).toContainEqual(
      expect.objectContaining({ text: 'activity is judged by: the deadline alone' }),
    );
  });

  it('ends at the deadline however busy the guest is', async () => {
    const { clock, outcome } = await waiting([{ activity: busyUntil(9e9) }]);
    await clock.advance(1_205_000);
    expect(outcome()).toMatchObject({ code: 'OZ_INSTALL_TIMEOUT' });
  });

  it.each([
    ['a kernel panic', 'Kernel panic - not syncing: VFS', []],
    ['a line of the family', '[!!] Installation step failed', ['Installation step failed']],
  ])('fails within seconds after %s', async (_name, line, failurePatterns) => {
    const { clock, outcome } = await waiting(
      [{ activity: busyUntil(9e9), console: [{ at: 10_000, text: `${line}\n` }] }],
      { failurePatterns },
    );
    await clock.advance(9_000);
    expect(outcome()).toBe('waiting');
    await clock.advance(6_000);
    expect(outcome()).toMatchObject({
      code: 'OZ_INSTALL_FAILED',
      message: expect.stringContaining(line),
    });
  });

  it.each(['crashed', 'failed', 'destroyed'] as const)(
    'fails when the guest is %s',
    async (reason) => {
      const { clock, outcome } = await waiting([
        { stopAfter: 4_000, stop: { reason, detail: 'the host disk is full' } },
      ]);
      await clock.advance(5_000);
      expect(outcome()).toMatchObject({
        code: 'OZ_INSTALL_CRASHED',
        message: expect.stringContaining('the host disk is full'),
      });
    },
  );

  it('takes no later run for one that has not begun', async () => {
    const panic = '[    1.000000] Kernel panic - not syncing: VFS';
    const ended = { stopAfter: 5_000, stop: { reason: 'failed' } as const };
    const panics = { console: [{ at: 2_000, text: `${panic}\n` }] };
    for (const later of [ended, panics]) {
      const { clock, outcome } = await waiting([{ stopAfter: 5_000 }, later], { reboots: 1 });
      await clock.advance(15_000);
      expect(outcome()).toBeInstanceOf(OzError);
      expect(outcome()).not.toBeInstanceOf(FailedStart);
    }
    const { clock, outcome } = await waiting([ended], { reboots: 1 });
    await clock.advance(15_000);
    expect(outcome()).toBeInstanceOf(FailedStart);
  });

  it('ends at once when it is aborted', async () => {
    const { clock, outcome, abort } = await waiting([{ activity: busyUntil(9e9) }]);
    await clock.advance(5_000);
    abort.abort(new Error('Ctrl-C'));
    await clock.advance(0);
    expect(outcome()).toMatchObject({ message: 'Ctrl-C' });
  });
});
