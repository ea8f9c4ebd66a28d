import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import type { StopEvent } from '../../backends/backend.ts';
import type { WorkContext } from '../../src/engine/build-context.ts';
import { listenForStops } from '../../src/engine/stops.ts';
import { whileRunning } from '../../src/engine/while-running.ts';
import { memoryBackend, testClock } from '../fakes/memory-backend.ts';
import { guestSpec } from '../fakes/specs.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A guest that ends after five seconds, and the little of a context that is looked at. */
async function running(stop: StopEvent = { reason: 'shutdown' }) {
  const clock = testClock();
  const backend = memoryBackend({ clock, runs: [{ stopAfter: 5_000, stop }] });
  const guest = await backend.createGuest(guestSpec('worked'));
  const stops = listenForStops(guest, clock);
  await guest.start();
  ends.push(() => stops.end());
  const user = new AbortController();
  const context = { clock, signal: user.signal } as unknown as WorkContext;
  return { clock, stops, context, user };
}

const forEver = ({ signal }: WorkContext) => sleep(600_000, undefined, { signal, ref: false });

it('ends the work with the guest, in the words of its place', async () => {
  const stop = { reason: 'failed', detail: 'the host died' } as const;
  const { clock, stops, context } = await running(stop);
  const work = whileRunning(context, stops, forEver).catch((error: unknown) => error);
  await clock.advance(6_000);
  expect(await work).toMatchObject({
    code: 'OZ_GUEST_ENDED',
    message: 'Cannot finish the work in the guest: it failed before all was done: the host died',
  });
});

it('leaves an end that comes after the work to those who wait for it', async () => {
  const { clock, stops, context } = await running();
  expect(await whileRunning(context, stops, async () => 'done')).toBe('done');
  const next = stops.next(60_000);
  await clock.advance(6_000);
  expect(await next).toEqual({ reason: 'shutdown' });
});

it('passes on what the work itself fails with, and what the user wants', async () => {
  const { stops, context, user } = await running();
  const failing = whileRunning(context, stops, async () => {
    throw new Error('of the work');
  });
  await expect(failing).rejects.toThrow('of the work');
  const given = whileRunning(context, stops, forEver);
  user.abort(new Error('no more'));
  await expect(given).rejects.toThrow('no more');
});
