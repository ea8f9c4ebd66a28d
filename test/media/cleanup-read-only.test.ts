/** oz-cleanup-cache removes what Oz has left off ISOs, whose directories are read-only. */
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { clearCache } from '../../src/media/cache.ts';
import { testDir } from './support.ts';

/** As for an ordinary user: root may write to what is read-only. */
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const rm: typeof real.rm = async (target, options) => {
    const stat = statSync(target, { throwIfNoEntry: false });
    if (stat?.isDirectory() && (stat.mode & 0o200) === 0) {
      throw Object.assign(new Error('rm'), { code: 'EACCES' });
    }
    return real.rm(target, options);
  };
  return { ...real, rm };
});

it.each(['debian', 'debian.lock'])('also one called %s', async (name) => {
  const dir = testDir();
  const tree = path.join(dir, 'isocontent', name);
  mkdirSync(path.join(tree, 'dists'), { recursive: true });
  writeFileSync(path.join(tree, 'dists', 'Release'), 'x');
  for (const each of ['dists', '.']) chmodSync(path.join(tree, each), 0o555);
  await clearCache(dir);
  expect(readdirSync(path.join(dir, 'isocontent'))).toEqual([]);
});
