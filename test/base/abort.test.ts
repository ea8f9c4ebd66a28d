import { expect, test } from 'vitest';
import { deadline, delay } from '../../src/base/abort.ts';

test('a deadline that is further away than timers reach is no deadline of now', async () => {
  const { signal, clear } = deadline(9_999_999_000, () => new Error('late'));
  await delay(20);
  clear();
  expect(signal.aborted).toBe(false);
});
