import type fs from 'node:fs';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { makeDirectory, makeDirectorySync } from '../../src/base/make-directory.ts';
import { testDir } from '../media/support.ts';

/** Whether modes can be changed: some file systems have one for all. */
const changeable = vi.hoisted(() => ({ modes: true }));
const refused = () => Object.assign(new Error('chmod'), { code: 'EPERM' });
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const chmod: typeof real.chmod = async (...args) => {
    if (!changeable.modes) throw refused();
    return real.chmod(...args);
  };
  return { ...real, chmod };
});
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  const chmod: typeof real.chmodSync = (...args) => {
    if (!changeable.modes) throw refused();
    return real.chmodSync(...args);
  };
  return { ...real, chmodSync: chmod };
});

const ways: [string, (dir: string, mode?: number) => Promise<void> | void][] = [
  ['makeDirectory()', makeDirectory],
  ['makeDirectorySync()', makeDirectorySync],
];

/** Of `make`, called under this umask. */
async function under(umask: number, make: () => Promise<void> | void): Promise<void> {
  const before = process.umask(umask);
  try {
    await make();
  } finally {
    process.umask(before);
  }
}

it.each(ways)('%s gives directories their modes whatever the umask', async (_, make) => {
  const dir = path.join(testDir(), 'a');
  await under(0o077, () => make(path.join(dir, 'b')));
  for (const each of [dir, path.join(dir, 'b')]) expect(statSync(each).mode & 0o777).toBe(0o755);
  await under(0o000, () => make(path.join(dir, 'c'), 0o700));
  expect(statSync(path.join(dir, 'c')).mode & 0o777).toBe(0o700);
});

it.each(ways)('%s lets the group of the directory above be inherited', async (_, make) => {
  const dir = path.join(testDir(), 'shared');
  mkdirSync(dir);
  chmodSync(dir, 0o2775);
  for (const umask of [0o022, 0o077]) {
    const inside = path.join(dir, String(umask));
    await under(umask, () => make(inside));
    expect(statSync(inside).mode & 0o7777).toBe(0o2755);
  }
});

it.each(ways)('%s makes them where modes can not be changed', async (_, make) => {
  changeable.modes = false;
  try {
    const dir = path.join(testDir(), 'a');
    await under(0o077, () => make(dir));
    expect(statSync(dir).isDirectory()).toBe(true);
  } finally {
    changeable.modes = true;
  }
});
