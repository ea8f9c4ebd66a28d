import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import koffi from 'koffi';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { acquireLock } from '../../src/media/lock.ts';

vi.mock('koffi', async (original) => {
  const { default: real } = await original<{ default: typeof koffi }>();
  return { default: { ...real, errno: vi.fn(real.errno), load: vi.fn(real.load) } };
});

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ozma-lock-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('fails where the file system has no locks, instead of waiting for ever', async () => {
  vi.mocked(koffi.load).mockReturnValue({ func: () => () => -1 } as never);
  vi.mocked(koffi.errno).mockReturnValue(constants.errno.ENOLCK);
  const file = path.join(dir, 'x.lock');
  await expect(acquireLock(file)).rejects.toMatchObject({
    code: 'OZ_LOCK',
    message: `Cannot lock ${file}: ENOLCK`,
  });

  vi.mocked(koffi.errno).mockReturnValue(constants.errno.EAGAIN);
  const held = acquireLock(file, {
    onWait() {
      throw new Error('held by another');
    },
  });
  await expect(held).rejects.toThrow('held by another');
});
