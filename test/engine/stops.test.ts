/** Ends of runs: those that are told, and those that only the state shows. */
import { describe, expect, it } from 'vitest';
import type { Guest, GuestState, StopEvent } from '../../backends/backend.ts';
import { listenForStops } from '../../src/engine/stops.ts';
import { testClock } from '../fakes/memory-backend.ts';

/** The two calls of a guest that matter here. */
function guestThatIs(state: GuestState) {
  const listeners = new Set<(event: StopEvent) => void>();
  let asked = 0;
  const guest = {
    onStop(listener: (event: StopEvent) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async state() {
      asked++;
      return state;
    },
  } as unknown as Guest;
  const tell = (event: StopEvent) => listeners.forEach((listener) => void listener(event));
  return { guest, tell, asked: () => asked };
}

/** Up to 40 looks, a second each; the first end and the looks it took. */
async function lookUntilEnd(state: GuestState) {
  const clock = testClock();
  const { guest, asked } = guestThatIs(state);
  const stops = listenForStops(guest, clock);
  for (let looks = 1; looks <= 40; looks++) {
    const look = stops.look(1000);
    await clock.advance(1000);
    const stop = await look;
    if (stop) return { stop, looks, asked: asked() };
  }
  return { stop: null, looks: 40, asked: asked() };
}

describe('look()', () => {
  it.each([
    ['stopped', 'shutdown'],
    ['gone', 'failed'],
    ['crashed', 'crashed'],
    ['error', 'crashed'],
  ] as const)('finds a guest that is %s although nobody told', async (state, reason) => {
    const { stop, looks, asked } = await lookUntilEnd(state);
    expect(stop).toMatchObject({ reason });
    expect(looks).toBeLessThanOrEqual(15);
    expect(asked).toBe(1);
  });

  it('leaves a running guest alone, and asks seldom', async () => {
    expect(await lookUntilEnd('running')).toEqual({ stop: null, looks: 40, asked: 2 });
  });

  it('believes what is told while it asks rather than the state', async () => {
    const clock = testClock();
    const { guest, tell } = guestThatIs('stopped');
    const state = guest.state.bind(guest);
    guest.state = async () => {
      tell({ reason: 'destroyed' });
      return state();
    };
    const stops = listenForStops(guest, clock);
    let stop: StopEvent | null = null;
    for (let looks = 0; looks < 20 && !stop; looks++) {
      const look = stops.look(1000);
      await clock.advance(1000);
      stop = await look;
    }
    expect(stop).toEqual({ reason: 'destroyed' });
  });

  it('gives what is told at once', async () => {
    const { guest, tell, asked } = guestThatIs('stopped');
    const stops = listenForStops(guest, testClock());
    const look = stops.look(60_000);
    tell({ reason: 'destroyed' });
    expect(await look).toEqual({ reason: 'destroyed' });
    expect(asked()).toBe(0);
  });
});
