/** Files from http and https servers. */
import type { IncomingMessage } from 'node:http';
import got from 'got';
import { redirectHooks } from '../../base/follow-guard.ts';
import { packageVersion } from '../../base/package-root.ts';
import { proxyAgents } from '../../base/proxy.ts';
import { trustedAuthorities } from '../../base/tls-trust.ts';
import {
  connectionFailure,
  retryAfterMs,
  statusFailure,
  truncated,
  unreachable,
} from './failures.ts';
import type { OpenedFile, OpenOptions, RemoteFile, Source, SourceOptions } from './source.ts';
import { untilStalled } from './stall.ts';

type GotStream = ReturnType<typeof got.stream>;

interface Answer {
  response: IncomingMessage;
  stream: GotStream;
}

/** Bodies are wanted as they are: a kernel or an ISO must not be unpacked on its way. */
const plainHeaders = { 'accept-encoding': 'identity' };

async function request(
  url: URL,
  method: 'GET' | 'HEAD',
  headers: Record<string, string>,
  { signal, stallMs, checked }: SourceOptions,
): Promise<Answer> {
  signal?.throwIfAborted();
  const stream = got.stream(url, {
    method,
    headers: { 'user-agent': `ozma/${packageVersion()}`, ...plainHeaders, ...headers },
    decompress: false,
    throwHttpErrors: false,
    retry: { limit: 0 },
    maxRedirects: 10,
    agent: proxyAgents(url),
    https: { certificateAuthority: trustedAuthorities() },
    timeout: { lookup: stallMs, connect: stallMs, secureConnect: stallMs, response: stallMs },
    hooks: redirectHooks(url, { checked }),
    ...(signal ? { signal } : {}),
  });
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      stream.once('response', resolve);
      stream.once('error', reject);
    });
    stream.on('error', () => {}); // reading the body meets it too; without a reader it's no matter
    return { response, stream };
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw connectionFailure(url, error);
  }
}

function header(response: IncomingMessage, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function remoteFile(response: IncomingMessage): RemoteFile {
  const length = header(response, 'content-length');
  return {
    size: length !== undefined && /^\d+$/.test(length) ? Number(length) : null,
    etag: header(response, 'etag'),
    lastModified: header(response, 'last-modified'),
  };
}

function refuse(url: URL, { response, stream }: Answer): never {
  stream.destroy();
  throw statusFailure(
    url,
    response.statusCode ?? 0,
    response.statusMessage ?? '',
    retryAfterMs(header(response, 'retry-after'), header(response, 'date')),
  );
}

/** Servers that answer HEAD with these often answer GET well. */
const headRefused = new Set([400, 403, 405, 501]);

async function look(url: URL, options: SourceOptions): Promise<RemoteFile> {
  let answer = await request(url, 'HEAD', {}, options);
  if (headRefused.has(answer.response.statusCode ?? 0)) {
    answer.stream.destroy();
    answer = await request(url, 'GET', {}, options);
  }
  if (answer.response.statusCode !== 200) refuse(url, answer);
  answer.stream.destroy();
  return remoteFile(answer.response);
}

/** The tag or date that makes a range safe; a weak tag does not (RFC 9110, 13.1.5). */
function rangeCondition({ etag, lastModified }: OpenOptions['validator']): string | undefined {
  return etag && !etag.startsWith('W/') ? etag : lastModified;
}

/** Start and total of `bytes 100-199/200`. */
function parseContentRange(text: string | undefined): { start: number; total: number } | null {
  const match = /^bytes (\d+)-\d+\/(\d+)$/.exec(text?.trim() ?? '');
  return match ? { start: Number(match[1]), total: Number(match[2]) } : null;
}

async function* readBody(
  url: URL,
  stream: GotStream,
  total: number | null,
  { signal, stallMs, offset: from }: OpenOptions,
) {
  let stalled = false;
  let position = from;
  const onStall = () => {
    stalled = true;
    stream.destroy();
  };
  try {
    for await (const chunk of untilStalled(stream, stallMs, onStall)) {
      position += chunk.length;
      yield chunk;
    }
    if (stalled) throw new Error('stalled');
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (stalled) throw unreachable(url, `no data for ${Math.round(stallMs / 1000)} s`);
    // The server was there and has hung up: told apart from one that is out of reach.
    if (total !== null && position < total) throw truncated(url, position, total);
    throw connectionFailure(url, error);
  } finally {
    stream.destroy();
  }
}

async function open(url: URL, options: OpenOptions): Promise<OpenedFile> {
  const condition = rangeCondition(options.validator);
  const resuming = options.offset > 0 && condition !== undefined;
  const range = resuming ? { range: `bytes=${options.offset}-`, 'if-range': condition } : undefined;
  const answer = await request(url, 'GET', range ?? {}, options);
  const { response, stream } = answer;
  const status = response.statusCode;
  const remote = remoteFile(response);
  if (status === 200) {
    const body = readBody(url, stream, remote.size, { ...options, offset: 0 });
    return { ...remote, offset: 0, body };
  }
  const part = parseContentRange(header(response, 'content-range'));
  if (status === 206 && resuming && part?.start === options.offset) {
    const body = readBody(url, stream, part.total, options);
    return { ...remote, size: part.total, offset: options.offset, body };
  }
  if (resuming && (status === 416 || status === 206)) {
    stream.destroy(); // what is here does not fit to what is there: all of it anew
    return open(url, { ...options, offset: 0 });
  }
  return refuse(url, answer);
}

export const httpSource: Source = { look, open };
