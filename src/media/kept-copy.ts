/** The copy of a medium that is here already: whether it may be looked at, and what is in it. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { codeOf } from '../base/errors.ts';
import { type DigestType, hashFile } from './digest.ts';
import { humanSize } from './human-size.ts';
import { whyDistrusted } from './ownership.ts';
import { fits, isUntouched, type MediumRecord, parseRecord } from './record.ts';
import type { RetryOptions } from './retry.ts';
import { shownUrl } from './url.ts';

type Digests = MediumRecord['digests'];

interface Wanted {
  url: string;
  cachePath: string;
  checksum?: { type: DigestType } | undefined;
}

/** Bytes that are hashed without a word: it takes no time. */
const quiet = 256 << 20;

export interface KeptCopy {
  /** Null: Oz has left it, or the record is damaged. */
  record: MediumRecord | null;
  /** Of what is in the file now: sha256, and the type of the TDL's checksum. */
  digests(): Promise<Digests>;
  /** Ends what nobody has waited for. */
  close(): void;
}

async function hashed(file: string, types: DigestType[], signal: AbortSignal): Promise<Digests> {
  const hashes = types.map((type) => createHash(type));
  await hashFile(file, hashes, { signal });
  return Object.fromEntries(types.map((type, at) => [type, hashes[at]?.digest('hex')]));
}

/** Whether it is a copy that a build could use; `log` is told why not. */
async function isUsable(file: string, url: string, log: RetryOptions['log']): Promise<boolean> {
  try {
    const reason = await whyDistrusted(file);
    if (reason !== null)
      log?.(`fetching ${shownUrl(url)} anew: the kept copy is not used, ${reason}`);
    return reason === null;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return false;
    throw error;
  }
}

/**
 * What is kept; null: nothing that can be used. It is hashed where anything has been done to it
 * since its record was written (also by libvirt, which makes media QEMU's), beside other work.
 */
export async function keptCopy(
  { cachePath, url, checksum }: Wanted,
  { log, signal }: Pick<RetryOptions, 'log' | 'signal'>,
): Promise<KeptCopy | null> {
  if (!(await isUsable(cachePath, url, log))) return null;
  const record = await parseRecord(cachePath);
  if (record && !(await fits(record, cachePath))) return null;
  const types = [...new Set<DigestType>(['sha256', checksum?.type ?? 'sha256'])];
  const found = await stat(cachePath);
  const untouched = record !== null && isUntouched(record, found);
  const known: Digests = untouched ? record.digests : {};
  const missing = types.filter((type) => known[type] === undefined);
  const left = new AbortController();
  const either = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
  let running: Promise<Digests> | undefined;
  const digests = () => {
    if (!running && missing.length > 0 && found.size > quiet) {
      log?.(`checking the kept copy of ${shownUrl(url)} (${humanSize(found.size)})`);
    }
    running ??= (
      missing.length > 0 ? hashed(cachePath, missing, either) : Promise.resolve({})
    ).then((fresh) => ({ ...known, ...fresh }));
    return running;
  };
  // It will be asked for, unless the copy is of something else.
  if (checksum || record?.url === shownUrl(url)) digests().catch(() => {});
  return { record, digests, close: () => left.abort() };
}
