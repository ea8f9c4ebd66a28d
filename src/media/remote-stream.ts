/** A file of a server as a stream that goes on after breaks, for those who pass it on at once. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { OzError } from '../base/errors.ts';
import { type CachedMedium, expectedDigest, type FetchOptions, lookAt } from './cache.ts';
import { checksumError } from './download.ts';
import { withRetries } from './retry.ts';
import { truncated } from './sources/failures.ts';
import { sourceOf } from './sources/index.ts';
import type { OpenedFile, RemoteFile } from './sources/source.ts';
import { type MediumUrl, parseMediumUrl, shownUrl } from './url.ts';

export interface RemoteStream {
  url: string;
  /** Bytes; null: the server does not tell. */
  size: number | null;
  /** What all of it must digest to, as the TDL says. */
  expect?: { type: string; digest: string } | undefined;
  /** All of it from the begin, at each call; ends with an error where it is not what is expected. */
  open(): Readable;
}

const stallMs = 60_000;
/** The mark of an ISO 9660 volume, in its first descriptor. */
const isoMark = { at: 32_769, text: 'CD001' };

function changed(url: MediumUrl): OzError {
  return new OzError(
    'OZ_DOWNLOAD_FAILED',
    `Cannot download ${shownUrl(url)}: it has changed meanwhile`,
    { hint: 'try again' },
  );
}

/** Whether what a server sends from the begin again is what it has sent before. */
function isSame(before: RemoteFile, now: OpenedFile): boolean {
  const marks = (['etag', 'lastModified'] as const).filter((mark) => before[mark] !== undefined);
  return (
    marks.length > 0 &&
    before.size === now.size &&
    marks.every((mark) => before[mark] === now[mark])
  );
}

/** Sends all into the pipe; a server that knows no ranges is heard from the begin again. */
async function fill(pipe: PassThrough, url: MediumUrl, remote: RemoteFile, options: Filling) {
  const { signal, expect } = options;
  const hash = expect && createHash(expect.type);
  let position = 0;
  let contacted = false;
  const attempt = async () => {
    const opened = await sourceOf(url).open(url, {
      ...{ offset: position, validator: remote, signal },
      stallMs: options.stallMs ?? stallMs,
      checked: expect !== undefined,
    });
    contacted = true;
    if (opened.offset !== position && !isSame(remote, opened)) throw changed(url);
    let skip = position - opened.offset;
    for await (const chunk of opened.body) {
      const fresh = chunk.subarray(skip);
      skip = Math.max(0, skip - chunk.length);
      if (fresh.length === 0) continue;
      hash?.update(fresh);
      position += fresh.length;
      if (!pipe.write(fresh)) await once(pipe, 'drain', { signal });
    }
    if (opened.size !== null && position < opened.size) throw truncated(url, position, opened.size);
  };
  await withRetries(attempt, { mark: () => (contacted ? position : -1) }, options);
  const got = hash?.digest('hex');
  if (expect && got !== expect.digest.toLowerCase()) {
    throw checksumError(shownUrl(url), expect, got);
  }
}

type Filling = Omit<FetchOptions, 'signal'> & {
  signal: AbortSignal;
  expect: RemoteStream['expect'];
};

function openStream(url: MediumUrl, remote: RemoteFile, options: Omit<Filling, 'signal'>) {
  return (signal: AbortSignal | undefined): Readable => {
    const pipe = new PassThrough({ highWaterMark: 1 << 20 });
    pipe.on('error', () => {}); // its reader, if there is one yet, meets it as well
    const left = new AbortController(); // its reader wants no more
    pipe.on('close', () => left.abort());
    const either = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
    fill(pipe, url, remote, { ...options, signal: either }).then(
      () => pipe.end(),
      (error: unknown) => pipe.destroy(error as Error),
    );
    return pipe;
  };
}

/** Whether a stream begins as an ISO does; reads no more of it. */
async function isIso(stream: Readable): Promise<boolean> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    pieces.push(piece);
    length += piece.length;
    if (length >= isoMark.at + isoMark.text.length) break;
  }
  const end = isoMark.at + isoMark.text.length;
  return Buffer.concat(pieces).toString('latin1', isoMark.at, end) === isoMark.text;
}

/** Null for what is no ISO. Throws as fetchMedium() does for what can't be had. */
export async function remoteIso(
  medium: CachedMedium,
  options: FetchOptions = {},
): Promise<RemoteStream | null> {
  const url = parseMediumUrl(medium.url);
  const checked = medium.checksum !== undefined;
  const remote = await lookAt(medium.url, { ...options, checked });
  const expect = await expectedDigest(medium, options);
  const open = openStream(url, remote, { ...options, expect });
  if (!(await isIso(open(options.signal)))) return null;
  return { url: medium.url, size: remote.size, expect, open: () => open(options.signal) };
}
