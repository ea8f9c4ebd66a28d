/** Removes what was made on the way: also directories that came read-only, off an ISO or elsewhere. */
import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from './errors.ts';

/** Opens the directories to their owner; links are not followed. */
async function open(dir: string): Promise<void> {
  if (!(await lstat(dir)).isDirectory()) return;
  await chmod(dir, 0o700);
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) await open(path.join(dir, entry.name));
  }
}

/** A file or a directory with all that is in it; what is gone already is no error. */
export async function removeTree(target: string): Promise<void> {
  const remove = () => rm(target, { recursive: true, force: true });
  try {
    await remove();
  } catch (error) {
    if (!['EACCES', 'EPERM', 'ENOTEMPTY'].includes(codeOf(error) ?? '')) throw error;
    await open(target).catch(() => {}); // the next failure tells
    await remove();
  }
}
