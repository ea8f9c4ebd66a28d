/**
 * An unfinished download: the bytes so far beside the target, and a record of
 * which version of the remote file they belong to.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rm } from 'node:fs/promises';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { Validator } from './sources/source.ts';

export interface PartPaths {
  data: string;
  record: string;
}

export function partPaths(target: string): PartPaths {
  return { data: `${target}.part`, record: `${target}.part.json` };
}

/** URLs may hold credentials or tokens: only a digest goes to disk. */
function urlKey(url: URL): string {
  return createHash('sha256').update(url.href).digest('hex');
}

interface PartRecord extends Validator {
  urlKey: string;
}

export async function writeRecord(paths: PartPaths, url: URL, validator: Validator) {
  const { etag, lastModified } = validator;
  const record: PartRecord = { urlKey: urlKey(url), etag, lastModified };
  await writeFileAtomic(paths.record, `${JSON.stringify(record)}\n`);
}

async function readRecord(paths: PartPaths): Promise<PartRecord | null> {
  try {
    return JSON.parse(await readFile(paths.record, 'utf8')) as PartRecord;
  } catch {
    return null; // none, or one that a crash cut off
  }
}

/** Opens the part file: with what a former run left of the same URL, else empty. */
export async function openPart(
  paths: PartPaths,
  url: URL,
): Promise<{ handle: FileHandle; size: number; validator: Validator }> {
  // O_NOFOLLOW: a link under the part's name must not lead the download elsewhere.
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  const handle = await open(paths.data, flags, 0o644);
  try {
    const record = await readRecord(paths);
    const { size } = await handle.stat();
    const { etag, lastModified } = record ?? {};
    const usable = record?.urlKey === urlKey(url) && (etag ?? lastModified) !== undefined;
    if (usable && size > 0) return { handle, size, validator: { etag, lastModified } };
    await handle.truncate(0);
    return { handle, size: 0, validator: {} };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

export async function dropPart(paths: PartPaths): Promise<void> {
  await rm(paths.data, { force: true });
  await rm(paths.record, { force: true });
}
