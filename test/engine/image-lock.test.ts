/** One image has one lock, whatever it is called. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { withImageLock } from '../../src/engine/image-lock.ts';

/** A directory that this user may not write to; root may write anywhere. */
const closed = vi.hoisted(() => ({ dir: '' }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const access: typeof real.access = async (...args) => {
    if (args[0] === closed.dir) throw Object.assign(new Error('access'), { code: 'EACCES' });
    return real.access(...args);
  };
  return { ...real, access };
});

let dir: string;
let image: string;
let link: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'ozma-image-lock-'));
  for (const name of ['images', 'links']) mkdirSync(path.join(dir, name));
  image = path.join(dir, 'images', 'web.dsk');
  link = path.join(dir, 'links', 'my.dsk');
  writeFileSync(image, 'x');
  symlinkSync(image, link);
});
afterEach(() => {
  closed.dir = '';
  rmSync(dir, { recursive: true, force: true });
});

it('through a link to it, too', async () => {
  await withImageLock(image, 'build web', async () => {
    await expect(withImageLock(link, 'work on web', async () => {})).rejects.toMatchObject({
      code: 'OZ_BUILD_RUNS',
      message: `Cannot work on web: another command (process ${process.pid}) is at work on ${link}`,
    });
  });
  expect(await withImageLock(link, 'work on web', async () => 'done')).toBe('done');
});

it('beside the link where the user may make none beside the image', async () => {
  closed.dir = path.join(dir, 'images');
  await withImageLock(link, 'look at web', async () => {
    expect(readdirSync(path.join(dir, 'links'))).toEqual(['.my.dsk.lock', 'my.dsk']);
    expect(readdirSync(path.join(dir, 'images'))).toEqual(['web.dsk']);
  });
});

it('and one that is not there yet', async () => {
  const file = path.join(dir, 'images', 'new.dsk');
  await withImageLock(file, 'build new', async () => {
    await expect(withImageLock(file, 'build new', async () => {})).rejects.toMatchObject({
      code: 'OZ_BUILD_RUNS',
    });
  });
});
