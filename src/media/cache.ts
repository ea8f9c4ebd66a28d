/** Media kept between builds, and whether what is kept is still what the server has. */
import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { OzError } from '../base/errors.ts';
import { fetchChecksum } from './checksum.ts';
import type { DigestType } from './digest.ts';
import { type DownloadOptions, download } from './download.ts';
import { humanSize } from './human-size.ts';
import { type KeptCopy, keptCopy } from './kept-copy.ts';
import { withLock } from './lock.ts';
import { dropPart, partPaths } from './part-file.ts';
import { pinFile } from './pin.ts';
import { dropRecord, keepingRecord, type MediumRecord, writeRecord } from './record.ts';
import { withRetries } from './retry.ts';
import { sourceOf } from './sources/index.ts';
import type { RemoteFile } from './sources/source.ts';
import { parseMediumUrl, shownUrl } from './url.ts';

export { type CacheEntry, type CacheListing, clearCache, listCache } from './cache-cleanup.ts';
export { type MediumRecord, readMediumRecord } from './record.ts';

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
  /** A new name for it, which nothing else is put in the place of (MediumUse.pin). */
  pin?: string | undefined;
}

export interface FetchedMedium {
  /** The pin, where one was asked for. */
  path: string;
  cached: boolean;
  /** Bytes. */
  size: number;
  /** Of just these bytes: sha256, and the type of the TDL's checksum. */
  digests: MediumRecord['digests'];
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
  if (remote.size !== local.size) return "its size is not the server's";
  const modified = Date.parse(remote.lastModified ?? '');
  return modified > local.mtimeMs ? "the server's is newer" : null;
}

type Expected = { type: DigestType; digest: string } | undefined;

/** Whether the server could not be asked, as opposed to having answered. */
export function isOutOfReach(error: unknown): boolean {
  return error instanceof OzError && error.code === 'OZ_DOWNLOAD_UNREACHABLE';
}

/** What the checksum file said when it could be asked last; undefined: it never was. */
function lastChecked({ checksum }: CachedMedium, { checked }: MediumRecord): Expected {
  const same = checked?.type === checksum?.type && checked?.url === shownUrl(checksum?.url ?? '');
  return same ? checked : undefined;
}

/** Asks the server; `remote` null: it is out of reach and the kept copy must do. */
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
    const expected = medium.checksum && lastChecked(medium, record);
    if (medium.checksum && !expected) throw error;
    const age = record.fetchedAt.slice(0, 10);
    const how = expected ? `checked against the ${expected.type} of that time` : 'unchecked';
    options.log?.(`${shownUrl(medium.url)} is out of reach: using the copy of ${age}, ${how}`);
    return { remote: null, expected };
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

/** Why the kept copy can't be used; null when it can. Its content is looked at last. */
async function refetchReason(
  medium: CachedMedium,
  { record, digests }: KeptCopy,
  remote: RemoteFile | null,
  expected: Expected,
): Promise<string | null> {
  // The TDL's checksum decides alone: also over another URL or date.
  if (expected) {
    const found = (await digests())[expected.type];
    return found === expected.digest ? null : `the kept copy has another ${expected.type}`;
  }
  if (!record) return remote && adoptReason(medium.cachePath, remote);
  if (record.url !== shownUrl(medium.url)) return 'the kept copy has another URL';
  const stale = remote && staleReason(record, remote);
  if (stale) return stale;
  const { sha256 } = record.digests;
  const changed = sha256 !== undefined && (await digests()).sha256 !== sha256;
  return changed ? 'the kept copy has been changed here' : null;
}

/** Brings its record up to date, and gives it the build's own name. */
async function take(
  { cachePath }: CachedMedium,
  about: Parameters<typeof writeRecord>[1],
  options: FetchOptions,
): Promise<Omit<FetchedMedium, 'cached'>> {
  const { pin } = options;
  const { size, digests } = await writeRecord(cachePath, about);
  if (pin !== undefined) await keepingRecord(cachePath, () => pinFile(cachePath, pin));
  return { path: pin ?? cachePath, size, digests };
}

const shownChecksum = (medium: CachedMedium, expected: Expected): MediumRecord['checked'] =>
  expected && medium.checksum && { ...expected, url: shownUrl(medium.checksum.url) };

function refuseEmpty(url: string, size: number | null | undefined): void {
  if (size !== 0) return;
  throw new OzError('OZ_DOWNLOAD_FAILED', `Cannot use ${shownUrl(url)}: the file is empty`);
}

async function fetchAnew(
  medium: CachedMedium,
  expected: Expected,
  options: FetchOptions,
): Promise<FetchedMedium> {
  const { cachePath, url } = medium;
  const result = await download(url, cachePath, { ...options, expect: expected });
  if (result.bytes === 0) await dropMedium(cachePath);
  refuseEmpty(url, result.bytes);
  options.log?.(`downloaded ${humanSize(result.bytes)}, sha256 ${result.sha256}`);
  const about = {
    ...{ url: shownUrl(url), fetchedAt: new Date().toISOString(), digests: result.digests },
    ...{ etag: result.etag, lastModified: result.lastModified },
    checked: shownChecksum(medium, expected),
  };
  return { ...(await take(medium, about, options)), cached: false };
}

async function fetchLocked(medium: CachedMedium, options: FetchOptions): Promise<FetchedMedium> {
  const { url } = medium;
  const kept = options.force ? null : await keptCopy(medium, options);
  try {
    // The copy of another URL is no substitute when the server is out of reach.
    const fallback = kept?.record?.url === shownUrl(url) ? kept.record : null;
    const { remote, expected } = await askServer(medium, fallback, options);
    refuseEmpty(url, remote?.size);
    const reason = kept && (await refetchReason(medium, kept, remote, expected));
    if (kept && reason === null) {
      const fresh = { url: shownUrl(url), fetchedAt: new Date().toISOString() };
      const known = kept.record ?? { ...fresh, ...remote };
      const checked = shownChecksum(medium, expected) ?? kept.record?.checked;
      const about = { ...known, checked, digests: await kept.digests() };
      return { ...(await take(medium, about, options)), cached: true };
    }
    if (remote === null) {
      throw new OzError(
        'OZ_DOWNLOAD_UNREACHABLE',
        `Cannot use the copy of ${shownUrl(url)}: ${reason}`,
        {
          hint: 'its server is out of reach: try again, or put the file back in order',
        },
      );
    }
    if (reason) options.log?.(`fetching ${shownUrl(url)} again: ${reason}`);
    return await fetchAnew(medium, expected, options);
  } finally {
    kept?.close();
  }
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
): Promise<FetchedMedium> {
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
  await dropRecord(cachePath);
  await dropPart(partPaths(cachePath));
}
