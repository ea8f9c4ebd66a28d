/** Builds a directory aside and swaps it in, once for each state of its inputs. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomic } from '../../../src/base/atomic-file.ts';

export interface Prepared {
  /** Directory that is to hold the result. */
  target: string;
  /** Whatever the result depends on, as one line. */
  key: string;
  /** Fills `out`, with `scratch` at its disposal. */
  build(out: string, scratch: string): Promise<void>;
}

/** Whether a complete result for this key is there. */
async function isPrepared(target: string, key: string): Promise<boolean> {
  const stamp = `${target}.key`;
  return existsSync(target) && existsSync(stamp) && (await readFile(stamp, 'utf8')) === key;
}

/** Returns false when there was nothing to do. A server on the old directory is not disturbed. */
export async function prepareOnce({ target, key, build }: Prepared): Promise<boolean> {
  if (await isPrepared(target, key)) return false;
  const parent = path.dirname(target);
  await mkdir(parent, { recursive: true });
  const scratch = await mkdtemp(path.join(parent, 'build-'));
  const out = path.join(scratch, 'out');
  try {
    await mkdir(out);
    await build(out, path.join(scratch));
    await rm(`${target}.key`, { force: true });
    await rm(target, { recursive: true, force: true });
    await rename(out, target);
    await writeFileAtomic(`${target}.key`, key);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return true;
}
