import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { runningDigest } from '../../src/media/digest-thread.ts';

const content = randomBytes(20 << 20); // more than the blocks hold
const expected = createHash('sha512').update(content).digest('hex');

/** Pieces of odd lengths, in lists of some. */
function* lists(): Generator<Buffer[]> {
  for (let at = 0; at < content.length; ) {
    const list: Buffer[] = [];
    for (const length of [1, 70_001, 0, 1_500_007]) {
      list.push(content.subarray(at, at + length));
      at += length;
    }
    yield list;
  }
}

describe.each([
  ['in a thread', null],
  ['at once, for what is small', 1000],
])('%s', (_, size) => {
  test('gives the digest of all pieces', async () => {
    const running = runningDigest('sha512', size);
    for (const list of lists()) await running.update(list);
    expect(await running.digest()).toBe(expected);
    running.close();
  });

  test('gives that of nothing', async () => {
    const running = runningDigest('sha256', size);
    expect(await running.digest()).toBe(createHash('sha256').digest('hex'));
    running.close();
  });
});

test('the pieces may be changed afterwards', async () => {
  const running = runningDigest('sha512', null);
  const piece = Buffer.alloc(100_000);
  for (let at = 0; at < content.length; at += piece.length) {
    const bytes = content.copy(piece, 0, at);
    await running.update([piece.subarray(0, bytes)]);
  }
  expect(await running.digest()).toBe(expected);
});

test('says that it was given up', async () => {
  const running = runningDigest('sha512', null);
  running.close();
  await expect(
    (async () => {
      for (const list of lists()) await running.update(list);
      await running.digest();
    })(),
  ).rejects.toMatchObject({ code: 'OZ_INTERNAL' });
});
