/**
 * An unfinished download: the bytes so far beside the target, and a record of
 * which version of the remote file they belong to.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rm, unlink } from 'node:fs/promises';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { codeOf } from '../base/errors.ts';
import { letAllRead } from '../base/let-all-read.ts';
import { readNote } from '../base/read-bounded.ts';
import { isOwnFile } from './ownership.ts';
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

async function readRecord(paths: PartPaths): Promise<Partial<PartRecord> | null> {
  try {
    if (!(await isOwnFile(paths.record))) return null;
    const { urlKey, etag, lastModified } = (await readNote(paths.record)) as PartRecord;
    const texts = [urlKey, etag, lastModified].map((text: unknown) =>
      typeof text === 'string' ? text : undefined,
    );
    return { urlKey: texts[0], etag: texts[1], lastModified: texts[2] };
  } catch {
    return null; // none, or one that a crash cut off
  }
}

/** Only what this user has begun: a link under the part's name must not lead the download elsewhere. */
async function openData(file: string): Promise<FileHandle> {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  if (await isOwnFile(file)) {
    const handle = await open(file, O_RDWR | O_NOFOLLOW).catch(() => null);
    if (handle) return handle;
  }
  await unlink(file).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
  const handle = await open(file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
  await letAllRead(handle); // whatever the umask
  return handle;
}

/** Opens the part file: with what a former run left of the same URL, else empty. */
export async function openPart(
  paths: PartPaths,
  url: URL,
): Promise<{ handle: FileHandle; size: number; validator: Validator }> {
  const handle = await openData(paths.data);
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
