import { describe, expect, it } from 'vitest';
import type { Emit } from '../../src/engine/events.ts';
import { pressKeys } from '../../src/engine/key-presses.ts';
import { type MemoryBackendOptions, memoryBackend, testClock } from '../fakes/memory-backend.ts';
import { guestSpec } from '../fakes/specs.ts';

const keys = { codes: [28], every: 1000, until: 5000 };
const lost = new Error('Cannot press keys in guest web: no console');

async function begun(options: MemoryBackendOptions = {}, signal?: AbortSignal) {
  const clock = testClock();
  const place = memoryBackend({ clock, ...options });
  const guest = await place.createGuest(guestSpec('web'));
  const events: Parameters<Emit>[0][] = [];
  const emit: Emit = (event) => void events.push(event);
  const stop = pressKeys({ guest, keys, clock, emit, signal });
  const presses = () =>
    place.calls.flatMap(({ operation, argument }) => (operation === 'sendKeys' ? [argument] : []));
  return { clock, stop, events, presses };
}

describe('pressKeys()', () => {
  it('presses until its time is over', async () => {
    const { clock, presses, events } = await begun();
    await clock.advance(999);
    expect(presses()).toEqual([]);
    await clock.advance(60_000);
    expect(presses()).toEqual(Array(5).fill('28'));
    expect(events).toEqual([]);
  });

  it('goes on after presses that failed', async () => {
    let count = 0;
    const fail = { sendKeys: () => (++count < 4 ? lost : undefined) };
    const { clock, events } = await begun({ fail });
    await clock.advance(60_000);
    expect(count).toBe(5);
    expect(events).toEqual([]);
  });

  it('warns once when none could be pressed', async () => {
    let count = 0;
    const fail = { sendKeys: () => (++count ? lost : undefined) };
    const { clock, events } = await begun({ fail });
    await clock.advance(60_000);
    expect(count).toBe(5);
    expect(events).toEqual([
      {
        type: 'log',
        level: 'warning',
        text: `the installer may wait for a key, and none could be pressed: watch its screen (${lost.message})`,
      },
    ]);
  });

  it.each(['its own function', 'the signal'])('is stopped by %s, without a word', async (way) => {
    const abort = new AbortController();
    const { clock, stop, presses, events } = await begun(
      { fail: { sendKeys: lost } },
      abort.signal,
    );
    await clock.advance(2500);
    const before = presses().length;
    if (way === 'the signal') abort.abort();
    else stop();
    await clock.advance(60_000);
    expect(presses()).toHaveLength(before);
    expect(events).toEqual([]);
  });
});
