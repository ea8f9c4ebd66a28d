/** Room on a file system, looked at before it is needed. */
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { OzError } from '../base/errors.ts';
import { humanSize } from './human-size.ts';

/**
 * Throws OzError OZ_NO_SPACE when the file system that `file` is to be on has
 * less than `needed` bytes for ordinary users.
 */
export async function checkFreeSpace(file: string, needed: number, what: string): Promise<void> {
  const dir = path.dirname(path.resolve(file));
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  if (free >= needed) return;
  throw new OzError(
    'OZ_NO_SPACE',
    `Cannot ${what}: it needs ${humanSize(needed)} and ${dir} has ${humanSize(free)} free`,
    { hint: 'make room there, or set another directory in oz.cfg ([paths])' },
  );
}
