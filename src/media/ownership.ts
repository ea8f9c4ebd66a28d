/**
 * Who can have written what lies in the caches. They are read by builds of root, and may have
 * been open to others once: a file counts when nobody but this user and root can have written it.
 */
import type { Stats } from 'node:fs';
import { chmod, lstat, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '../base/errors.ts';

const openToOthers = 0o022;

/** This user, and root, whom nothing is kept from anyway. */
const isOurs = ({ uid }: Stats): boolean => uid === 0 || uid === process.geteuid?.();

/** The pins of a cached file (see pin.ts), as they are named. */
export const pinPattern = /\.used-[0-9a-f]{8}$/;

const tries = 3;

/** How many of a file's further names are our own pins, and whether there are others. */
async function linksOf(file: string): Promise<{ pins: number; foreign: boolean }> {
  const dir = path.dirname(file);
  const start = `${path.basename(file)}.used-`;
  for (let left = tries; ; left--) {
    const found = await lstat(file);
    const names = (await readdir(dir)).filter(
      (name) => name.startsWith(start) && pinPattern.test(name),
    );
    const stats = await Promise.all(
      names.map((name) => lstat(path.join(dir, name)).catch(() => null)),
    );
    const pins = stats.filter((one) => one?.ino === found.ino && one.dev === found.dev).length;
    // A build that ends meanwhile takes its pin away.
    if ((await lstat(file)).nlink === found.nlink || left === 0) {
      return { pins, foreign: found.nlink > pins + 1 };
    }
  }
}

/**
 * Why a cached file is not to be used; null: it may be. A link leads to what the user keeps
 * elsewhere, which may have as many names as it likes. Throws the system's error for a file that
 * is not there.
 */
export async function whyDistrusted(file: string): Promise<string | null> {
  const found = await stat(file);
  const isLink = (await lstat(file)).isSymbolicLink();
  if (!found.isFile()) return 'it is not a regular file';
  const links = isLink ? { pins: 0, foreign: false } : await linksOf(file);
  // While a guest has it, libvirt makes it QEMU's.
  if (!isOurs(found) && links.pins === 0) return 'it belongs to another user';
  if (found.mode & openToOthers) return 'others can write to it';
  return links.foreign ? 'it has several links' : null;
}

/** The same for small files of ours, such as records: plain, and with one name. */
export async function isOwnFile(file: string): Promise<boolean> {
  const found = await lstat(file).catch(() => null);
  if (!found?.isFile()) return false;
  return isOurs(found) && found.nlink === 1 && (found.mode & openToOthers) === 0;
}

/**
 * Why nothing can be kept in a directory; null: it can be, or it is not there yet. One of ours
 * that others could write to is closed to them; `log` is told.
 */
export async function whyUnsafe(dir: string, log?: (text: string) => void): Promise<string | null> {
  let found: Stats;
  try {
    found = await stat(dir);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  if (!isOurs(found)) return 'it belongs to another user';
  if ((found.mode & openToOthers) === 0) return null;
  const closed = await chmod(dir, found.mode & 0o7777 & ~openToOthers).then(
    () => true,
    () => false,
  );
  if (!closed) return 'others can write to it';
  log?.(`${dir} could be written to by others: closed to them`);
  return null;
}
