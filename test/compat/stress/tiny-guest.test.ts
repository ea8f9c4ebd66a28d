/** What the stress programs count as an install that was not lost. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sectorsIn, tinyKernel } from '../../../compat/stress/tiny-guest.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ozma-tiny-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** The disk of a guest that wrote these, counted from the first: each has the start of its setup. */
function disk(...written: number[]): string {
  const image = Buffer.alloc(2 << 20);
  const setup = tinyKernel({ name: 'x' }).subarray(0x200, 0x400);
  for (const at of written) setup.copy(image, (2048 + at * 128) * 512);
  const file = path.join(dir, 'x.dsk');
  writeFileSync(file, image);
  return file;
}

it.each([
  [[], 0],
  [[0, 1, 2], 3],
  [[0, 1, 3], 2],
  [[1, 2], 0],
])('%j are %i sectors from the first on', async (written, count) => {
  expect(await sectorsIn(disk(...written))).toBe(count);
});
