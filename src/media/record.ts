/** What is known of a kept file; lies beside it as `<file>.ozma.json`. */
import type { Stats } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { readNote } from '../base/read-bounded.ts';
import { type DigestType, digestLength } from './digest.ts';
import { isOwnFile } from './ownership.ts';
import type { Validator } from './sources/source.ts';

export interface MediumRecord extends Validator {
  /** Without credentials and query. */
  url: string;
  size: number;
  /** Of the kept file, to see whether something else has written to it since. */
  mtimeMs: number;
  /** The same, and not to be set back by anybody; records of older versions lack both. */
  ctimeMs?: number | undefined;
  inode?: number | undefined;
  fetchedAt: string;
  digests: Partial<Record<DigestType, string>>;
  /** What the TDL's checksum file has said of it; its URL is shown without credentials. */
  checked?: { type: DigestType; digest: string; url: string } | undefined;
}

export const recordPath = (file: string): string => `${file}.ozma.json`;

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isTime = (value: unknown): boolean => typeof value === 'number' && value >= 0;
const isText = (value: unknown): boolean => value === undefined || typeof value === 'string';

function isDigest(type: unknown, digest: unknown): boolean {
  const length = Object.entries(digestLength).find(([name]) => name === type)?.[1];
  return typeof digest === 'string' && digest.length === length && /^[0-9a-f]*$/.test(digest);
}

/** Whether text that was read from a file is a record: damage and other programs' files happen. */
function isRecord(value: unknown): value is MediumRecord {
  if (!isObject(value)) return false;
  const { url, size, mtimeMs, ctimeMs, inode, fetchedAt, digests, checked, etag, lastModified } =
    value;
  return (
    typeof url === 'string' &&
    Number.isSafeInteger(size) &&
    isTime(mtimeMs) &&
    [ctimeMs, inode].every((time) => time === undefined || isTime(time)) &&
    typeof fetchedAt === 'string' &&
    [etag, lastModified].every(isText) &&
    isObject(digests) &&
    Object.entries(digests).every(([type, digest]) => isDigest(type, digest)) &&
    (checked === undefined ||
      (isObject(checked) && isDigest(checked.type, checked.digest) && isText(checked.url)))
  );
}

/** The record as it is written, whatever has become of the file; null: there is none of ours. */
export async function parseRecord(file: string): Promise<MediumRecord | null> {
  const name = recordPath(file);
  try {
    if (!(await isOwnFile(name))) return null;
    const value = await readNote(name);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/** Whether the file is still the one that the record was written for, as far as Oz would tell. */
export async function fits(record: MediumRecord, file: string): Promise<boolean> {
  const found = await stat(file).catch(() => null);
  return found?.size === record.size && found.mtimeMs === record.mtimeMs;
}

/** Whether nothing at all has been done to the file since, as far as the file system tells. */
export function isUntouched(record: MediumRecord, found: Stats): boolean {
  return (
    found.size === record.size &&
    found.mtimeMs === record.mtimeMs &&
    found.ctimeMs === record.ctimeMs &&
    found.ino === record.inode
  );
}

/** The record of a kept file, or null when there is none that still fits to it. */
export async function readMediumRecord(file: string): Promise<MediumRecord | null> {
  const record = await parseRecord(file);
  return record && (await fits(record, file)) ? record : null;
}

/** What the file itself tells for its record is filled in. */
export async function writeRecord(
  file: string,
  about: Omit<MediumRecord, 'size' | 'mtimeMs' | 'ctimeMs' | 'inode'>,
): Promise<MediumRecord> {
  const { size, mtimeMs, ctimeMs, ino } = await stat(file);
  const { url, etag, lastModified, fetchedAt, digests, checked } = about;
  const record: MediumRecord = {
    ...{ url, size, mtimeMs, ctimeMs, inode: ino, etag, lastModified },
    ...{ fetchedAt, digests, checked },
  };
  await writeFileAtomic(recordPath(file), `${JSON.stringify(record, null, 2)}\n`);
  return record;
}

/**
 * Does what changes a file's ctime without its content (a link made or removed), and keeps the
 * record's idea of it; to be called while the file's lock is held.
 */
export async function keepingRecord(file: string, change: () => Promise<void>): Promise<void> {
  const record = await parseRecord(file);
  const before = record && (await stat(file).catch(() => null));
  await change();
  if (record && before && isUntouched(record, before)) await writeRecord(file, record);
}

export const dropRecord = (file: string): Promise<void> => rm(recordPath(file), { force: true });
