/** Whether a guest has written, by what its disk takes. */
import { expect, it, vi } from 'vitest';
import type { Backend, CallOptions, StagedDisk } from '../../backends/backend.ts';
import { watchDisk } from '../../src/engine/written.ts';

const disk: StagedDisk = { ref: '/i/d', format: 'raw', size: 1000 };

it.each<[string, (number | Error)[], boolean | null]>([
  ['has written where its disk has grown', [100, 300], true],
  ['has not written where it has not', [100, 100, 100], false],
  ['has written where that shows when it is synced', [100, 100, 300], true],
  ['may have written where all the room was taken from the start', [1000, 1000], null],
  ['may have written where more than that was taken', [1024, 1024], null],
  ['may have written where nobody tells before', [new Error('x')], null],
  ['may have written where nobody tells afterwards', [100, new Error('x')], null],
])('a guest %s', async (_, sizes, verdict) => {
  const asked = sizes.length;
  const allocated = async () => {
    const next = sizes.shift();
    if (typeof next !== 'number') throw next;
    return next;
  };
  const syncDisk = vi.fn(async () => {});
  const backend = { allocated, syncDisk } as unknown as Backend;
  const hasWritten = await watchDisk({ backend, emit: () => {} }, disk);
  expect(await hasWritten()).toBe(verdict);
  // Whoever goes on with the disk syncs it: not twice.
  expect(syncDisk).toHaveBeenCalledTimes(asked === 3 ? 1 : 0);
});

it('is not waited for once the build is given up: libvirt may hang', async () => {
  const ctrlC = new AbortController();
  const { signal } = ctrlC;
  const allocated = (_: StagedDisk, call?: CallOptions) =>
    new Promise<number>((_resolve, reject) => {
      call?.signal?.addEventListener('abort', () => reject(new Error('libvirt was left')));
    });
  const backend = { allocated } as unknown as Backend;
  const said = vi.fn();
  const asked = watchDisk({ backend, emit: said, signal }, disk);
  ctrlC.abort(new Error('Ctrl-C'));
  await expect(asked).rejects.toThrow('Ctrl-C');
  expect(said).not.toHaveBeenCalled();
});
