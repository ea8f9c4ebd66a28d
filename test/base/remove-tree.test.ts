import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { removeTree } from '../../src/base/remove-tree.ts';
import { testDir } from '../media/support.ts';

/** How often rm() fails although it could remove. As root nothing is read-only: once, as for others. */
const refusals = vi.hoisted(() => ({ left: process.getuid?.() === 0 ? 1 : 0 }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  return {
    ...real,
    rm: async (...args: Parameters<typeof real.rm>) => {
      if (refusals.left > 0) {
        refusals.left--;
        throw Object.assign(new Error('rm'), { code: 'EACCES' });
      }
      return real.rm(...args);
    },
  };
});

it('removes directories that came read-only, and nothing that links lead to', async () => {
  const dir = testDir();
  const outside = path.join(dir, 'outside');
  mkdirSync(outside);
  writeFileSync(path.join(outside, 'file'), 'x');
  chmodSync(outside, 0o755);
  const tree = path.join(dir, 'tree');
  mkdirSync(path.join(tree, 'a', 'b'), { recursive: true });
  writeFileSync(path.join(tree, 'a', 'b', 'file'), 'x');
  symlinkSync(outside, path.join(tree, 'a', 'link'));
  for (const name of ['a/b', 'a', '.']) chmodSync(path.join(tree, name), 0o555);
  await removeTree(tree);
  expect(existsSync(tree)).toBe(false);
  expect(existsSync(path.join(outside, 'file'))).toBe(true);
  await removeTree(tree);
});

it('leaves what a link leads to as it is, also where the link can not be removed at once', async () => {
  const dir = testDir();
  const outside = path.join(dir, 'outside');
  mkdirSync(outside);
  chmodSync(outside, 0o755);
  const link = path.join(dir, 'link');
  symlinkSync(outside, link);
  refusals.left = 1;
  await removeTree(link);
  expect(existsSync(link)).toBe(false);
  expect(statSync(outside).mode & 0o777).toBe(0o755);
});
