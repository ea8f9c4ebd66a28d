/**
 * Directories with those above them that are missing, whose mode is what it is meant to be whatever
 * the umask; what is there already stays as it is. Node's own way, `recursive`, never ends where the
 * system has no room for a name at all (below /proc).
 */
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { chmod, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, OzError } from './errors.ts';

function refuse(dir: string): OzError {
  return new OzError(
    'OZ_NOT_WRITABLE',
    `Cannot make the directory ${dir}: nothing can be made in ${path.dirname(dir)}`,
    { hint: 'name another directory: with -s, or in oz.cfg ([paths])' },
  );
}

/** What a new directory's mode is to be made, where the umask has taken some of it; null: it is right. */
function lackingMode(has: number, mode: number): number | null {
  return (has & mode) === mode ? null : (has & 0o7777) | mode;
}

const isMissing = (error: unknown) => codeOf(error) === 'ENOENT';

async function makeOne(dir: string, mode: number): Promise<void> {
  try {
    await mkdir(dir, { mode });
  } catch (error) {
    // EEXIST; of / also EISDIR and EROFS
    if (!isMissing(error) && (await stat(dir).catch(() => null))?.isDirectory()) return;
    throw error;
  }
  const full = lackingMode((await stat(dir)).mode, mode);
  // Some file systems have one mode for all.
  if (full !== null) await chmod(dir, full).catch(() => {});
}

export async function makeDirectory(dir: string, mode = 0o755): Promise<void> {
  const here = path.resolve(dir);
  try {
    await makeOne(here, mode);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await makeDirectory(path.dirname(here), mode);
    await makeOne(here, mode).catch((again: unknown) => {
      throw isMissing(again) ? refuse(here) : again;
    });
  }
}

function makeOneSync(dir: string, mode: number): void {
  try {
    mkdirSync(dir, { mode });
  } catch (error) {
    const there = isMissing(error) ? undefined : statSync(dir, { throwIfNoEntry: false });
    if (there?.isDirectory()) return;
    throw error;
  }
  const full = lackingMode(statSync(dir).mode, mode);
  try {
    if (full !== null) chmodSync(dir, full);
  } catch {
    // as above
  }
}

export function makeDirectorySync(dir: string, mode = 0o755): void {
  const here = path.resolve(dir);
  try {
    makeOneSync(here, mode);
  } catch (error) {
    if (!isMissing(error)) throw error;
    makeDirectorySync(path.dirname(here), mode);
    try {
      makeOneSync(here, mode);
    } catch (again) {
      throw isMissing(again) ? refuse(here) : again;
    }
  }
}
