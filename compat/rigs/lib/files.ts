/** Small helpers for files that the rigs share. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { packageFile } from '../../../src/base/package-root.ts';

/** Where the rigs keep what they downloaded and built: $OZMA_RIG_DIR or .rig/ here. */
export function rigDirectory(): string {
  return process.env.OZMA_RIG_DIR ?? packageFile('.rig');
}

/** SHA-256 of a file, in hex. */
export async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** SHA-256 over several files' contents, in hex; order counts. */
export async function sha256All(files: readonly string[]): Promise<string> {
  const sums = await Promise.all(files.map(sha256));
  return createHash('sha256').update(sums.join('\n')).digest('hex');
}

/** Paths below `top`, relative to it, of everything but directories, sorted. */
export async function filesBelow(top: string): Promise<string[]> {
  const entries = await readdir(top, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(top, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** Copies one file and makes the directories above it; a symbolic link stays one. */
export async function copyFileTo(from: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  await cp(from, to, { verbatimSymlinks: true, preserveTimestamps: true, force: true });
}

/** Writes a file and makes the directories above it. */
export async function writeFileTo(file: string, content: string | Uint8Array, mode = 0o644) {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content, { mode });
}

/** Applies `work` to every item, `limit` at a time; results in the items' order. */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  async function worker() {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i] as T);
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
