/** Whether a guest has written, by what its disk takes. */
import { expect, it } from 'vitest';
import type { Backend, StagedDisk } from '../../backends/backend.ts';
import { watchDisk } from '../../src/engine/written.ts';

const disk: StagedDisk = { ref: '/i/d', format: 'raw', size: 1000 };

it.each<[string, (number | Error)[], boolean | null]>([
  ['has written where its disk has grown', [100, 300], true],
  ['has not written where it has not', [100, 100], false],
  ['may have written where all the room was taken from the start', [1000, 1000], null],
  ['may have written where more than that was taken', [1024, 1024], null],
  ['may have written where nobody tells before', [new Error('x')], null],
  ['may have written where nobody tells afterwards', [100, new Error('x')], null],
])('a guest %s', async (_, sizes, verdict) => {
  const allocated = async () => {
    const next = sizes.shift();
    if (typeof next !== 'number') throw next;
    return next;
  };
  const hasWritten = await watchDisk({ allocated } as unknown as Backend, disk, () => {});
  expect(await hasWritten()).toBe(verdict);
});
