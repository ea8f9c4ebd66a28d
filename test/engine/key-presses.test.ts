import { expect, it, vi } from 'vitest';
import type { Guest } from '../../backends/backend.ts';
import type { Clock } from '../../src/engine/clock.ts';
import { pressKeys } from '../../src/engine/key-presses.ts';

/** Hours pass in no time. */
function quickClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    async delay(ms, signal) {
      signal?.throwIfAborted();
      now += ms;
    },
  };
}

function guestWith(press: (codes: readonly number[]) => Promise<void>) {
  const sendKeys = vi.fn(press);
  return { guest: { sendKeys } as unknown as Guest, sendKeys };
}

const keys = { codes: [28], every: 1000, until: 20_000 };

it('presses them again and again until their time is over', async () => {
  const { guest, sendKeys } = guestWith(async () => {});
  pressKeys(guest, keys, quickClock());
  await vi.waitFor(() => expect(sendKeys).toHaveBeenCalledTimes(20));
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(sendKeys).toHaveBeenCalledTimes(20);
  expect(sendKeys.mock.calls[0]?.[0]).toEqual([28]);
});

it('goes on where the guest takes none yet', async () => {
  let tries = 0;
  const { guest, sendKeys } = guestWith(async () => {
    tries += 1;
    if (tries < 4) throw new Error('not yet');
  });
  pressKeys(guest, keys, quickClock());
  await vi.waitFor(() => expect(sendKeys).toHaveBeenCalledTimes(20));
});

it('ends when it is told to', async () => {
  const { guest, sendKeys } = guestWith(() => new Promise(() => {}));
  const stop = pressKeys(guest, keys, quickClock());
  await vi.waitFor(() => expect(sendKeys).toHaveBeenCalledTimes(1));
  stop();
  const { signal } =
    (sendKeys.mock.calls as unknown as [unknown, { signal: AbortSignal }][])[0]?.[1] ?? {};
  expect(signal?.aborted).toBe(true);
});

it('presses nothing where nothing is planned', () => {
  const { guest, sendKeys } = guestWith(async () => {});
  pressKeys(guest, undefined, quickClock())();
  expect(sendKeys).not.toHaveBeenCalled();
});
