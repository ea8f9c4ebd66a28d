/** Files that users name for results: whatever is at that name stays what it is. */
import { chown, readlink, realpath, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile, writeNew } from './atomic-file.ts';
import { codeOf } from './errors.ts';

/** What is there, links followed; null: nothing. */
export async function targetOf(file: string) {
  return stat(file).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  });
}

/** The file itself, where the name is a link to it; that need not be there yet. */
export async function behindLinks(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    const link = await readlink(file).catch(() => null);
    return link === null ? file : path.resolve(path.dirname(file), link);
  }
}

/** Open files by other names: to put another file there would change nothing for their readers. */
const openFiles = /^\/(dev\/(stdout|stderr|fd\/)|proc\/)/;

/** Whether it is written to as it stands: pipes, terminals and the like. */
export function isStream(file: string, found: Awaited<ReturnType<typeof targetOf>>): boolean {
  if (found?.isDirectory()) return false;
  return openFiles.test(file) || (found !== null && !found.isFile());
}

/**
 * Writes a result under the name that the user chose: a file is replaced as a whole and keeps its
 * owner and its mode (`mode`: of a new one), links go on to lead to it, a pipe gets the text.
 */
export async function writeOutput(
  target: string,
  content: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  const found = await targetOf(target);
  if (isStream(target, found)) return writeFile(target, content, { flag: 'a' });
  await replaceFile(await behindLinks(target), async (temporary) => {
    await writeNew(temporary, content, found ? found.mode & 0o777 : mode);
    // Others than root may give a file to nobody; then it is theirs.
    if (found) await chown(temporary, found.uid, found.gid).catch(() => {});
  });
}
