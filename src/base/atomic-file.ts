/** Files that appear under their name only when they are complete. */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** A name beside `target`, in the same directory so that rename is atomic. */
export function besideName(target: string): string {
  return path.join(
    path.dirname(target),
    `.${path.basename(target)}.${randomBytes(4).toString('hex')}.tmp`,
  );
}

/** Calls `write` with a name beside the target, then moves the result into place. */
export async function replaceFile(
  target: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = besideName(target);
  try {
    await write(temporary);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Writes a file that is not there yet, and syncs it to disk. */
export async function writeNew(
  name: string,
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  const file = await open(name, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Writes a whole text or buffer, synced to disk, then renames it into place. */
export async function writeFileAtomic(
  target: string,
  content: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  await replaceFile(target, (temporary) => writeNew(temporary, content, mode));
}

/** Brings a file that another program wrote to stable storage. */
export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
