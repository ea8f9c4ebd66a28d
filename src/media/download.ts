/** Downloads one file: resumes, retries, checks, and lets it appear only when complete. */
import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, type FileHandle, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { besideName } from '../base/atomic-file.ts';
import { OzError } from '../base/errors.ts';
import { letAllRead } from '../base/let-all-read.ts';
import { inWords, limits } from '../base/limits.ts';
import { makeDirectory } from '../base/make-directory.ts';
import { type ChunkWriter, chunkWriter } from './chunk-writer.ts';
import { type DigestType, hashFile } from './digest.ts';
import { checkFreeSpace } from './free-space.ts';
import { humanSize } from './human-size.ts';
import { dropPart, openPart, type PartPaths, partPaths, writeRecord } from './part-file.ts';
import { type ProgressListener, throttled } from './progress.ts';
import { type RetryOptions, withRetries } from './retry.ts';
import { truncated } from './sources/failures.ts';
import { localPath } from './sources/file.ts';
import { sourceOf } from './sources/index.ts';
import type { OpenedFile, Validator } from './sources/source.ts';
import { type MediumUrl, parseMediumUrl, shownUrl } from './url.ts';
import { wordWriteFailure } from './write-failure.ts';

export interface DownloadOptions extends RetryOptions {
  /** Largest file to take, in bytes; `limits.medium` unless told. */
  most?: number | undefined;
  onProgress?: ProgressListener | undefined;
  /** What the whole file must digest to, in hexadecimal. */
  expect?: { type: DigestType; digest: string } | undefined;
  /** Milliseconds without a byte after which a connection is given up; 60 s unless told. */
  stallMs?: number | undefined;
}

export interface DownloadResult extends Validator {
  bytes: number;
  sha256: string;
  /** The expected digest's type and value too, where one was given. */
  digests: Partial<Record<DigestType, string>>;
  /** Whether a former run's bytes were used. */
  resumed: boolean;
}

/** What is here so far, its running digests, and which version it belongs to. */
interface Transfer {
  url: MediumUrl;
  shown: string;
  paths: PartPaths;
  handle: FileHandle;
  writer: ChunkWriter;
  hashes: Map<DigestType, Hash>;
  validator: Validator;
  /** Bytes that a former run left. */
  inherited: number;
  contacted: boolean;
}

type Options = DownloadOptions & { report: ProgressListener; stallMs: number };

function newHashes(options: DownloadOptions): Map<DigestType, Hash> {
  const types = new Set<DigestType>(['sha256', options.expect?.type ?? 'sha256']);
  return new Map([...types].map((type) => [type, createHash(type)]));
}

const isSparse = (url: MediumUrl) => url.protocol === 'file:';

async function begin(url: MediumUrl, target: string, options: Options): Promise<Transfer> {
  await makeDirectory(path.dirname(path.resolve(target)));
  const paths = partPaths(target);
  const part = await openPart(paths, url);
  const transfer: Transfer = {
    url,
    shown: shownUrl(url),
    paths,
    handle: part.handle,
    writer: chunkWriter(part.handle, part.size, isSparse(url)),
    hashes: newHashes(options),
    validator: part.validator,
    inherited: part.size,
    contacted: false,
  };
  if (part.size > 0) {
    options.log?.(`resuming ${transfer.shown} after ${humanSize(part.size)}`);
    await hashFile(
      paths.data,
      [...transfer.hashes.values()],
      { signal: options.signal },
      part.size,
    );
  }
  return transfer;
}

async function startOver(transfer: Transfer, options: Options): Promise<void> {
  await transfer.handle.truncate(0);
  transfer.writer = chunkWriter(transfer.handle, 0, isSparse(transfer.url));
  transfer.hashes = newHashes(options);
  transfer.inherited = 0;
}

function checkSize({ shown }: Transfer, size: number, { most = limits.medium }: Options): void {
  if (size <= most) return;
  throw new OzError(
    'OZ_DOWNLOAD_TOO_LARGE',
    `Cannot download ${shown}: it is larger than ${inWords(most)}`,
    { hint: 'check the URL in the TDL, or whether the server is the right one' },
  );
}

async function readBody(transfer: Transfer, opened: OpenedFile, options: Options): Promise<void> {
  const { writer, hashes } = transfer;
  try {
    for await (const chunk of opened.body) {
      options.signal?.throwIfAborted();
      checkSize(transfer, writer.position() + chunk.length, options);
      for (const hash of hashes.values()) hash.update(chunk);
      await writer.write(chunk);
      options.report(writer.position(), opened.size);
    }
  } finally {
    await writer.flush(); // what has come is kept for the next attempt
  }
}

async function attempt(transfer: Transfer, options: Options): Promise<void> {
  const { url, validator, writer } = transfer;
  const opened = await sourceOf(url).open(url, {
    offset: writer.position(),
    validator,
    signal: options.signal,
    stallMs: options.stallMs,
    checked: options.expect !== undefined,
  });
  transfer.contacted = true;
  if (opened.offset !== writer.position()) await startOver(transfer, options);
  if (opened.offset === 0) {
    transfer.validator = { etag: opened.etag, lastModified: opened.lastModified };
    await writeRecord(transfer.paths, url, transfer.validator);
  }
  if (opened.size !== null) {
    checkSize(transfer, opened.size, options);
    const missing = opened.size - opened.offset;
    await checkFreeSpace(transfer.paths.data, missing, `download ${transfer.shown}`);
  }
  await readBody(transfer, opened, options);
  const have = transfer.writer.position();
  if (opened.size !== null && have < opened.size) throw truncated(url, have, opened.size);
  if (opened.size !== null && have > opened.size) {
    await startOver(transfer, options);
    throw truncated(url, have, opened.size);
  }
}

/** Shares the blocks of a local file, where the file system can. */
async function tryClone(transfer: Transfer, options: Options): Promise<boolean> {
  if (transfer.url.protocol !== 'file:') return false;
  const source = sourceOf(transfer.url);
  const { lastModified } = await source.look(transfer.url, { stallMs: options.stallMs });
  const clone = besideName(transfer.paths.data); // copyFile removes its target when it fails
  try {
    await copyFile(localPath(transfer.url), clone, constants.COPYFILE_FICLONE_FORCE);
  } catch {
    return false; // another file system, or one that can't: copied byte by byte instead
  }
  await transfer.handle.close();
  await rename(clone, transfer.paths.data);
  transfer.handle = await open(transfer.paths.data, 'r+');
  await letAllRead(transfer.handle); // it has the source's mode
  transfer.hashes = newHashes(options);
  transfer.validator = { lastModified };
  const size = await hashFile(transfer.paths.data, [...transfer.hashes.values()], {
    signal: options.signal,
    onProgress: options.report,
  });
  transfer.writer = chunkWriter(transfer.handle, size);
  return true;
}

async function transferAll(transfer: Transfer, options: Options): Promise<void> {
  if (await tryClone(transfer, options)) return;
  await withRetries(
    () => attempt(transfer, options),
    { mark: () => (transfer.contacted ? transfer.writer.position() : -1) },
    options,
  );
}

function digestsOf(transfer: Transfer): Partial<Record<DigestType, string>> {
  return Object.fromEntries([...transfer.hashes].map(([type, hash]) => [type, hash.digest('hex')]));
}

export function checksumError(
  shown: string,
  { type, digest }: { type: string; digest: string },
  got: string | undefined,
): OzError {
  return new OzError(
    'OZ_DOWNLOAD_CHECKSUM',
    `Cannot use ${shown}: its ${type} is ${got}, expected ${digest.toLowerCase()}`,
    { hint: 'the file or its checksum is wrong or has changed; check both URLs in the TDL' },
  );
}

/** Failures after which the bytes so far are worth keeping for the next run. */
function isResumable(error: unknown, { validator, writer }: Transfer, signal?: AbortSignal) {
  const mayResume = signal?.aborted || (error as OzError).code === 'OZ_DOWNLOAD_UNREACHABLE';
  return mayResume && writer.position() > 0 && (validator.etag ?? validator.lastModified);
}

async function fetchPart(transfer: Transfer, options: Options): Promise<DownloadResult> {
  const { expect } = options;
  await transferAll(transfer, options);
  let digests = digestsOf(transfer);
  const wrong = () => expect && digests[expect.type] !== expect.digest.toLowerCase();
  if (wrong() && transfer.inherited > 0) {
    options.log?.(`the checksum of ${transfer.shown} is wrong after a resume; starting over`);
    await startOver(transfer, options);
    await transferAll(transfer, options);
    digests = digestsOf(transfer);
  }
  if (expect && wrong()) throw checksumError(transfer.shown, expect, digests[expect.type]);
  await transfer.handle.sync();
  return {
    bytes: transfer.writer.position(),
    sha256: digests.sha256 as string,
    digests,
    resumed: transfer.inherited > 0,
    ...transfer.validator,
  };
}

/**
 * Downloads `url` (http, https, ftp, file) to `target`, whose directory is made
 * when missing. An unfinished download stays as `<target>.part` where it can be
 * resumed later. Callers that share a target must hold a lock.
 *
 * Throws OzError OZ_DOWNLOAD_URL, _NOT_FOUND, _FORBIDDEN, _UNREACHABLE,
 * _UNTRUSTED, _REDIRECT, _PROXY, _FAILED, _TRUNCATED, _TOO_LARGE, _CHECKSUM or OZ_NO_SPACE.
 */
export async function download(
  url: string,
  target: string,
  options: DownloadOptions = {},
): Promise<DownloadResult> {
  const parsed = parseMediumUrl(url);
  options.signal?.throwIfAborted();
  const full: Options = {
    ...options,
    stallMs: options.stallMs ?? 60_000,
    report: throttled(options.onProgress),
  };
  const transfer = await begin(parsed, target, full).catch((error: unknown) => {
    throw wordWriteFailure(error, target, `download ${shownUrl(parsed)}`);
  });
  let result: DownloadResult;
  try {
    result = await fetchPart(transfer, full);
  } catch (error) {
    await transfer.handle.close();
    if (!isResumable(error, transfer, options.signal)) await dropPart(transfer.paths);
    throw wordWriteFailure(error, target, `download ${transfer.shown}`);
  }
  await transfer.handle.close();
  await rename(transfer.paths.data, target);
  await dropPart(transfer.paths);
  return result;
}
