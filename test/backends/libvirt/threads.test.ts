/** The threads come and go with their users, whichever way these overlap. */
import { describe, expect, it } from 'vitest';
import { acquire, call, release, watch } from '../../../backends/libvirt/threads.ts';

const nobody = { lifecycle() {}, ioError() {}, closed() {} };

/** All that a connection does with them. */
async function work(): Promise<number> {
  const conn = await call('open', ['test:///default']);
  const unwatch = await watch(conn, nobody);
  const version = await call('version', [conn]);
  await unwatch();
  await call('close', [conn]);
  return version;
}

describe('the threads', () => {
  it.each([0, 1, 5])(
    'serve whoever comes while the last one leaves, %i turns later',
    async (turns) => {
      await acquire();
      expect(await work()).toBeGreaterThan(0);
      const leaving = release();
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      await acquire();
      expect(await work()).toBeGreaterThan(0);
      await leaving;
      const again = release();
      await Promise.all([acquire(), acquire()]);
      expect(await Promise.all([work(), work()])).toHaveLength(2);
      await again;
      await Promise.all([release(), release()]);
    },
  );

  it('start anew when all have left', async () => {
    for (let round = 0; round < 2; round++) {
      await acquire();
      expect(await work()).toBeGreaterThan(0);
      await release();
    }
  });
});
