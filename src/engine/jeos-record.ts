/** Which media a cached installation was made from; lies beside it. */
import { stat } from 'node:fs/promises';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { readNote } from '../base/read-bounded.ts';
import type { UsedMedium } from '../image/manifest.ts';
import { isOwnFile } from '../media/ownership.ts';

export interface JeosRecord {
  /** Of the disk, to see whether it is still the one. */
  size: number;
  mtimeMs: number;
  media: UsedMedium[];
}

export const jeosRecordPath = (file: string): string => `${file}.ozma.json`;

function isMedium(value: unknown): value is UsedMedium {
  if (typeof value !== 'object' || value === null) return false;
  const { role, url, bytes, sha256, digests = {} } = value as Record<string, unknown>;
  return (
    [role, url].every((text) => typeof text === 'string') &&
    (bytes === undefined || typeof bytes === 'number') &&
    (sha256 === undefined || typeof sha256 === 'string') &&
    typeof digests === 'object' &&
    digests !== null &&
    Object.values(digests).every((digest) => typeof digest === 'string')
  );
}

/** Null: there is none, or it is damaged, or it is of another disk. */
export async function readJeosRecord(file: string): Promise<JeosRecord | null> {
  const name = jeosRecordPath(file);
  try {
    if (!(await isOwnFile(name))) return null;
    const { size, mtimeMs, media } = (await readNote(name)) as Partial<JeosRecord>;
    const found = await stat(file);
    if (found.size !== size || found.mtimeMs !== mtimeMs) return null;
    return Array.isArray(media) && media.every(isMedium) ? { size, mtimeMs, media } : null;
  } catch {
    return null;
  }
}

export async function writeJeosRecord(file: string, media: UsedMedium[]): Promise<void> {
  const { size, mtimeMs } = await stat(file);
  const record: JeosRecord = { size, mtimeMs, media };
  await writeFileAtomic(jeosRecordPath(file), `${JSON.stringify(record, null, 2)}\n`);
}
