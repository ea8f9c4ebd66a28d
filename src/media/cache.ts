/** Media kept between builds, and whether what is kept is still what the server has. */
import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { OzError } from '../base/errors.ts';
import { fetchChecksum } from './checksum.ts';
import { type DigestType, fileDigest } from './digest.ts';
import { type DownloadOptions, type DownloadResult, download } from './download.ts';
import { humanSize } from './human-size.ts';
import { withLock } from './lock.ts';
import { dropPart, partPaths } from './part-file.ts';
import { withRetries } from './retry.ts';
import { sourceOf } from './sources/index.ts';
import type { RemoteFile, Validator } from './sources/source.ts';
import { parseMediumUrl, shownUrl } from './url.ts';

export { type CacheEntry, type CacheListing, clearCache, listCache } from './cache-cleanup.ts';

/** What the cache needs to know of a planned medium. */
export interface CachedMedium {
  url: string;
  cachePath: string;
  checksum?: { type: DigestType; url: string } | undefined;
}

export interface FetchOptions extends Omit<DownloadOptions, 'expect'> {
  /** Its content is going to be checked (SourceOptions). */
  checked?: boolean | undefined;
  /** Download even when the kept copy is good (oz-install -f). */
  force?: boolean | undefined;
}

/** What is known of a kept file; lies beside it as `<file>.ozma.json`. */
export interface MediumRecord extends Validator {
  /** Without credentials and query. */
  url: string;
  size: number;
  /** Of the kept file, to see whether something else has written to it since. */
  mtimeMs: number;
  fetchedAt: string;
  digests: Partial<Record<DigestType, string>>;
}

function recordPath(cachePath: string): string {
  return `${cachePath}.ozma.json`;
}

async function parseRecord(cachePath: string): Promise<MediumRecord | null> {
  try {
    return JSON.parse(await readFile(recordPath(cachePath), 'utf8')) as MediumRecord;
  } catch {
    return null;
  }
}

/** Whether the file is still the one that the record was written for. */
async function fits(record: MediumRecord, cachePath: string): Promise<boolean> {
  const found = await stat(cachePath).catch(() => null);
  return found?.size === record.size && found.mtimeMs === record.mtimeMs;
}

/** The record of a kept file, or null when there is none that still fits to it. */
export async function readMediumRecord(cachePath: string): Promise<MediumRecord | null> {
  const record = await parseRecord(cachePath);
  return record && (await fits(record, cachePath)) ? record : null;
}

async function writeMediumRecord(
  medium: CachedMedium,
  about: Validator & Pick<MediumRecord, 'digests'>,
): Promise<void> {
  const { size, mtimeMs } = await stat(medium.cachePath);
  const record: MediumRecord = {
    url: shownUrl(medium.url),
    size,
    mtimeMs,
    etag: about.etag,
    lastModified: about.lastModified,
    fetchedAt: new Date().toISOString(),
    digests: about.digests,
  };
  await writeFileAtomic(recordPath(medium.cachePath), `${JSON.stringify(record, null, 2)}\n`);
}

/** Size and version of a remote file, without its content. */
export async function lookAt(url: string, options: FetchOptions = {}): Promise<RemoteFile> {
  const parsed = parseMediumUrl(url);
  const stallMs = options.stallMs ?? 60_000;
  return withRetries(
    () =>
      sourceOf(parsed).look(parsed, { signal: options.signal, stallMs, checked: options.checked }),
    { mark: () => -1 },
    options,
  );
}

/**
 * Why a kept file is not what the server has now; null when it is. Either mark
 * is enough: mirrors behind one name share the dates, but not the tags.
 */
function staleReason(record: MediumRecord, remote: RemoteFile): string | null {
  if (remote.size !== null && remote.size !== record.size) return 'its size has changed';
  const verdicts = (['lastModified', 'etag'] as const)
    .filter((mark) => remote[mark] !== undefined && record[mark] !== undefined)
    .map((mark) => remote[mark] === record[mark]);
  return verdicts.length === 0 || verdicts.includes(true) ? null : 'it has changed on the server';
}

/** A file that Oz itself has put there: judged as Oz does, by its size, and by its age. */
async function adoptReason(cachePath: string, remote: RemoteFile): Promise<string | null> {
  const local = await stat(cachePath);
  if (remote.size !== local.size) return 'its size is not the server’s';
  const modified = Date.parse(remote.lastModified ?? '');
  return modified > local.mtimeMs ? 'the server’s is newer' : null;
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null))?.isFile() ?? false;
}

type Expected = { type: DigestType; digest: string } | undefined;

/** Whether the server could not be asked, as opposed to having answered. */
function isOutOfReach(error: unknown): boolean {
  return error instanceof OzError && error.code === 'OZ_DOWNLOAD_UNREACHABLE';
}

/** Asks the server; null when it is out of reach and the kept copy must do. */
async function askServer(
  medium: CachedMedium,
  record: MediumRecord | null,
  options: FetchOptions,
): Promise<{ remote: RemoteFile | null; expected: Expected }> {
  try {
    const checked = medium.checksum !== undefined;
    const remote = await lookAt(medium.url, { ...options, checked });
    return { remote, expected: await expectedDigest(medium, options) };
  } catch (error) {
    if (!record || !isOutOfReach(error)) throw error;
    const age = record.fetchedAt.slice(0, 10);
    options.log?.(`${shownUrl(medium.url)} is out of reach: using the copy of ${age}, unchecked`);
    return { remote: null, expected: undefined };
  }
}

/** What the TDL's checksum file says of it. */
export async function expectedDigest(
  medium: CachedMedium,
  options: FetchOptions,
): Promise<Expected> {
  const { checksum } = medium;
  if (!checksum) return undefined;
  return { type: checksum.type, digest: await fetchChecksum(checksum, medium.url, options) };
}

/** Compares with the TDL's checksum, which decides alone: also over another URL or date. */
async function checksumReason(
  medium: CachedMedium,
  record: MediumRecord | null,
  { type, digest }: NonNullable<Expected>,
  options: FetchOptions,
): Promise<string | null> {
  const kept =
    record?.digests[type] ?? (await fileDigest(medium.cachePath, type, { signal: options.signal }));
  if (kept !== digest) return `the kept copy has another ${type}`;
  if (record && record.digests[type] === undefined) {
    await writeMediumRecord(medium, { ...record, digests: { ...record.digests, [type]: kept } });
  }
  return null;
}

/** Why the kept copy can't be used; null when it can. */
async function refetchReason(
  medium: CachedMedium,
  record: MediumRecord | null,
  remote: RemoteFile,
  expected: Expected,
  options: FetchOptions,
): Promise<string | null> {
  if (expected) return checksumReason(medium, record, expected, options);
  if (!record) return adoptReason(medium.cachePath, remote);
  if (record.url !== shownUrl(medium.url)) return 'the kept copy has another URL';
  return staleReason(record, remote);
}

/** Writes a record for a file that Oz has left, so that it is known from now on. */
async function adopt(medium: CachedMedium, remote: RemoteFile, options: FetchOptions) {
  const sha256 = await fileDigest(medium.cachePath, 'sha256', { signal: options.signal });
  await writeMediumRecord(medium, { ...remote, digests: { sha256 } });
}

async function fetchLocked(
  medium: CachedMedium,
  options: FetchOptions,
): Promise<{ path: string; cached: boolean }> {
  const { cachePath } = medium;
  const old = await parseRecord(cachePath);
  const spoilt = old !== null && !(await fits(old, cachePath));
  const kept = !options.force && !spoilt && (await exists(cachePath));
  const record = kept ? old : null;
  // The copy of another URL is no substitute when the server is out of reach.
  const fallback = record?.url === shownUrl(medium.url) ? record : null;
  const { remote, expected } = await askServer(medium, fallback, options);
  if (remote === null) return { path: cachePath, cached: true };
  if (remote.size === 0) {
    throw new OzError(
      'OZ_DOWNLOAD_FAILED',
      `Cannot use ${shownUrl(medium.url)}: the file is empty`,
    );
  }
  const reason = kept && (await refetchReason(medium, record, remote, expected, options));
  if (reason === null) {
    if (!record) await adopt(medium, remote, options);
    return { path: cachePath, cached: true };
  }
  if (reason) options.log?.(`fetching ${shownUrl(medium.url)} again: ${reason}`);
  const result: DownloadResult = await download(medium.url, cachePath, {
    ...options,
    expect: expected,
  });
  if (result.bytes === 0) {
    await dropMedium(cachePath);
    throw new OzError(
      'OZ_DOWNLOAD_FAILED',
      `Cannot use ${shownUrl(medium.url)}: the file is empty`,
    );
  }
  await writeMediumRecord(medium, result);
  options.log?.(`downloaded ${humanSize(result.bytes)}, sha256 ${result.sha256}`);
  return { path: cachePath, cached: false };
}

/**
 * Brings a medium into the cache, or finds that the kept copy is still good: by
 * ETag, Last-Modified and size of the server's, and by the TDL's checksum where
 * there is one. Builds that want the same file wait for one another. Throws as
 * download() and findChecksum() do.
 */
export async function fetchMedium(
  medium: CachedMedium,
  options: FetchOptions = {},
): Promise<{ path: string; cached: boolean }> {
  parseMediumUrl(medium.url);
  const onWait = (pid: number | null) =>
    options.log?.(
      `waiting for ${pid === null ? 'another build' : `process ${pid}`} to finish with ${path.basename(medium.cachePath)}`,
    );
  return withLock(`${medium.cachePath}.lock`, { signal: options.signal, onWait }, () =>
    fetchLocked(medium, options),
  );
}

/** Removes a medium that is not to be kept, with all that belongs to it. */
export async function dropMedium(cachePath: string): Promise<void> {
  await rm(cachePath, { force: true });
  await rm(recordPath(cachePath), { force: true });
  await dropPart(partPaths(cachePath));
}
