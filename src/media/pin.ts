/**
 * Pins: a cached file under a name of one build's own, beside it. Whatever takes the file's place
 * in the cache, the build and its guest go on with what they began with.
 */
import {
  constants,
  copyFile,
  link,
  lstat,
  realpath,
  rm,
  stat,
  symlink,
  utimes,
} from 'node:fs/promises';
import { checkFreeSpace } from './free-space.ts';
import { pinPattern } from './ownership.ts';
import { wordWriteFailure } from './write-failure.ts';

export const pinOf = (file: string, id: string): string => `${file}.used-${id}`;

/** The cached file that a pin is of; undefined for what is none. */
export const pinnedFile = (pin: string): string | undefined =>
  pinPattern.test(pin) ? pin.replace(pinPattern, '') : undefined;

/** A second name of the file; some file systems and systems permit none, then a copy. */
async function linkOrCopy(file: string, pin: string): Promise<void> {
  try {
    return await link(file, pin);
  } catch {
    // it could be told from the error only by a long list
  }
  const { size, atimeMs, mtimeMs } = await lstat(file);
  await checkFreeSpace(pin, size, `use ${file}`);
  await copyFile(file, pin, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  await utimes(pin, atimeMs / 1000, mtimeMs / 1000);
}

/** To be called while the file's lock is held. A link in the cache is followed once and for all. */
export async function pinFile(file: string, pin: string): Promise<void> {
  try {
    if ((await lstat(file)).isSymbolicLink()) await symlink(await realpath(file), pin);
    else await linkOrCopy(file, pin);
  } catch (error) {
    await rm(pin, { force: true });
    throw wordWriteFailure(error, pin, `use ${file}`);
  }
}

/** Whether what is in the cache is still what the pin was made of; also where there is no pin. */
export async function isStillPinned(file: string, pin: string): Promise<boolean> {
  const [cached, pinned] = await Promise.all(
    [file, pin].map((name) => stat(name).catch(() => null)),
  );
  if (!cached || !pinned) return true;
  return cached.size === pinned.size && Math.abs(cached.mtimeMs - pinned.mtimeMs) < 1;
}
