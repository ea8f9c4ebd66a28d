/** What oz-cleanup-cache shows and removes: Oz's directories below the data directory. */
import type { Stats } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, messageOf, OzError } from '../base/errors.ts';
import { removeTree } from '../base/remove-tree.ts';
import { whyOf } from '../base/system-errors.ts';
import { acquireIfFree, isLocked } from './lock.ts';
import { pinnedFile } from './pin.ts';

/** The same ones as Oz's, in its order. */
const names = [
  'floppies',
  'floppycontent',
  'icicletmp',
  'isocontent',
  'isos',
  'jeos',
  'kernels',
  'screenshots',
];

export interface CacheEntry {
  path: string;
  /** Bytes on disk of a file; 0 for what is no file. */
  size: number;
}

export interface CacheListing {
  /** All of Oz's cache directories, whether they exist or not. */
  directories: string[];
  /** What is directly in them. */
  entries: CacheEntry[];
}

/** Whether a directory is really below the data directory; false when it isn't there. */
async function isInside(directory: string, dataDir: string): Promise<boolean> {
  const real = await realpath(directory);
  return real.startsWith(`${await realpath(dataDir)}${path.sep}`);
}

interface Directory {
  path: string;
  state: 'missing' | 'inside' | 'outside';
}

async function directoriesOf(dataDir: string): Promise<Directory[]> {
  return Promise.all(
    names.map(async (name): Promise<Directory> => {
      const directory = path.join(dataDir, name);
      try {
        const inside = await isInside(directory, dataDir);
        return { path: directory, state: inside ? 'inside' : 'outside' };
      } catch (error) {
        const code = codeOf(error);
        if (code === 'ENOENT' || code === 'ENOTDIR') return { path: directory, state: 'missing' };
        throw cannotClear(directory, whyOf(error));
      }
    }),
  );
}

function cannotClear(directory: string, why: string): OzError {
  return new OzError('OZ_CACHE', `Cannot clear ${directory}: ${why}`, {
    hint: 'check its owner and permissions',
  });
}

async function entriesOf(directory: string): Promise<CacheEntry[]> {
  const children = await readdir(directory).catch((error: unknown) => {
    throw cannotClear(directory, whyOf(error));
  });
  return Promise.all(
    children.map(async (child) => {
      const file = path.join(directory, child);
      const stat = await lstat(file).catch(() => null);
      return { path: file, size: stat?.isFile() ? stat.blocks * 512 : 0 };
    }),
  );
}

/** What is in the caches below `dataDir`. Links out of it are not followed. */
export async function listCache(dataDir: string): Promise<CacheListing> {
  const directories = await directoriesOf(dataDir);
  const entries = await Promise.all(
    directories.filter(({ state }) => state === 'inside').map((each) => entriesOf(each.path)),
  );
  // A pin is a further name of what is in the list already.
  const shown = entries.flat().filter((entry) => pinnedFile(entry.path) === undefined);
  return { directories: directories.map((each) => each.path), entries: shown };
}

/** The lock files below a directory that a living process holds. */
async function heldLocks(entries: readonly CacheEntry[]): Promise<string[]> {
  const locks = entries.map((entry) => entry.path).filter((file) => file.endsWith('.lock'));
  const held = await Promise.all(locks.map(isLocked));
  return locks.filter((_, index) => held[index]);
}

/** Pins without the mark of a build: a guest that was kept after a failure goes on with them. */
function keptPins(entries: readonly CacheEntry[]): string[] {
  const files = entries.map((entry) => entry.path);
  const marks = new Set(files.filter((file) => file.endsWith('.lock')));
  return files.filter((file) => pinnedFile(file) !== undefined && !marks.has(`${file}.lock`));
}

/** What a lock is for: fetching a medium, or using it. */
const mediumOf = (lock: string) => lock.replace(/(\.used-[0-9a-f]+)?\.lock$/, '');

/** The medium that a record or an unfinished download is of; else the file itself. */
const ownerOf = (file: string) => file.replace(/(\.part|\.ozma\.json|\.part\.json)$/, '');

/** False where a build has just begun to fetch it. */
async function removeIfFree(file: string): Promise<boolean> {
  const lock = await acquireIfFree(`${ownerOf(file)}.lock`);
  if (!lock) return false;
  try {
    // Of a link the name goes, never what it leads to.
    await removeTree(file);
    return true;
  } finally {
    await lock.release();
  }
}

/** What no build has made, nor can lock: directories, links, files that their owner may not open. */
function isFalseLock(stat: Stats | null): boolean {
  if (!stat?.isFile()) return stat !== null;
  return stat.uid === process.geteuid?.() && (stat.mode & 0o600) !== 0o600;
}

async function removeFalseLocks(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.endsWith('.lock')) continue;
    const file = path.join(directory, name);
    const stat = await lstat(file).catch(() => null);
    if (isFalseLock(stat)) await removeTree(file);
  }
}

/** Returns what is wrong with what was left. */
async function clearDirectory(directory: string, signal?: AbortSignal): Promise<string[]> {
  await removeFalseLocks(directory).catch((error: unknown) => {
    throw cannotClear(directory, messageOf(error));
  });
  const entries = await entriesOf(directory);
  const pins = new Set(keptPins(entries));
  const held = await heldLocks(entries);
  const media = [...new Set(held.map(mediumOf))];
  const inUse = (file: string) =>
    media.some((each) => file === each || file.startsWith(`${each}.`));
  for (const entry of entries) {
    signal?.throwIfAborted();
    if (inUse(entry.path) || pins.has(entry.path)) continue;
    if (entry.path.endsWith('.lock')) await (await acquireIfFree(entry.path))?.release();
    else if (!(await removeIfFree(entry.path))) media.push(ownerOf(entry.path));
  }
  return [
    ...media.map((file) => `${file} is in use by a running build`),
    ...[...pins]
      .filter((pin) => !inUse(pin))
      .map(
        (pin) =>
          `${pin} belongs to a guest that was kept after a failure: remove it with that guest`,
      ),
  ];
}

/**
 * Empties the caches; the directories themselves stay, as in Oz. Files that a
 * running build is fetching or using stay too, and so does what a link leads to outside
 * the data directory: both are reported by OzError OZ_CACHE, after all the
 * rest has been removed.
 */
export async function clearCache(
  dataDir: string,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const problems: string[] = [];
  for (const directory of await directoriesOf(dataDir)) {
    options.signal?.throwIfAborted();
    if (directory.state === 'outside') {
      problems.push(`${directory.path} is a link out of ${dataDir}`);
    }
    if (directory.state !== 'inside') continue;
    try {
      problems.push(...(await clearDirectory(directory.path, options.signal)));
    } catch (error) {
      options.signal?.throwIfAborted();
      problems.push(messageOf(error));
    }
  }
  if (problems.length > 0) {
    throw new OzError('OZ_CACHE', `Cannot clear all of the cache: ${problems.join('; ')}`);
  }
}
