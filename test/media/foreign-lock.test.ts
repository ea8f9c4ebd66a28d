import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { acquireLock, isLocked } from '../../src/media/lock.ts';
import { testDir } from './support.ts';

it('a lock that may not be opened counts as held where it is another user’s', async () => {
  const file = path.join(testDir(), 'x.lock');
  writeFileSync(file, '');
  chmodSync(file, 0);
  expect(await isLocked(file)).toBe(false);
  const me = process.geteuid?.() ?? 0;
  vi.spyOn(process, 'geteuid').mockReturnValue(me + 1);
  onTestFinished(() => void vi.restoreAllMocks());
  expect(await isLocked(file)).toBe(me !== 0); // root opens all, and finds that nobody has it
});

it('a lock that may only be read is judged as well', async () => {
  const file = path.join(testDir(), 'x.lock');
  const lock = await acquireLock(file);
  chmodSync(file, 0o444);
  expect(await isLocked(file)).toBe(true);
  await lock.release();
  writeFileSync(file, '');
  chmodSync(file, 0o444);
  expect(await isLocked(file)).toBe(false);
});
