/**
 * An HTTP server that lays local files over a mirror: what is in one of the
 * roots is served from there, everything else below /debian/ comes from the
 * mirror and is kept in the cache on its way.
 */
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface OverlayOptions {
  bind: string;
  /** 0: any free port. */
  port: number;
  /** Directories searched in this order; they hold debian/…, iso/…. */
  roots: readonly string[];
  /** Root that keeps what came from the mirror; searched last. */
  cache: string;
  /** URL behind /debian/; null: only what is on disk. */
  mirror: string | null;
  /** Called with one line for each request. */
  log?: ((line: string) => void) | undefined;
}

export interface RunningServer {
  /** Without a closing slash, such as http://127.0.0.1:8099. */
  url: string;
  port: number;
  close(): Promise<void>;
}

/** First and last byte asked for, null for all of it, `unmet` when it can't be had. */
export function parseRange(
  header: string | undefined,
  size: number,
): { first: number; last: number } | null | 'unmet' {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const first = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = match[1] === '' || match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  return first > last ? 'unmet' : { first, last };
}

/** The path of a request, or null if it is no clean absolute one. */
export function cleanPath(url: string | undefined): string | null {
  try {
    const name = decodeURIComponent((url ?? '').replace(/[?#].*$/, ''));
    if (!name.startsWith('/') || name.includes('\0')) return null;
    return name.split('/').includes('..') ? null : path.posix.normalize(name);
  } catch {
    return null;
  }
}

type Origin = string;

function empty(response: ServerResponse, status: number): number {
  response.writeHead(status, { 'content-length': 0 }).end();
  return status;
}

async function sendFile(
  file: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  const { size, mtime } = await stat(file);
  const range = parseRange(request.headers.range, size);
  if (range === 'unmet') {
    response.writeHead(416, { 'content-range': `bytes */${size}`, 'content-length': 0 }).end();
    return 416;
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  response.writeHead(range ? 206 : 200, {
    'content-length': last - first + 1,
    'accept-ranges': 'bytes',
    'last-modified': mtime.toUTCString(),
    ...(range && { 'content-range': `bytes ${first}-${last}/${size}` }),
  });
  if (request.method === 'HEAD' || size === 0) response.end();
  else await pipeline(createReadStream(file, { start: first, end: last }), response);
  return range ? 206 : 200;
}

/** Passes a file of the mirror on and keeps it, if it came whole. */
async function relay(
  url: string,
  keepAs: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  const upstream = await fetch(url, { method: request.method ?? 'GET' });
  if (!upstream.ok) {
    await upstream.body?.cancel();
    return empty(response, upstream.status);
  }
  const length = upstream.headers.get('content-length');
  response.writeHead(200, length ? { 'content-length': length } : {});
  if (request.method === 'HEAD' || !upstream.body) {
    response.end();
    return 200;
  }
  await mkdir(path.dirname(keepAs), { recursive: true });
  const part = `${keepAs}.part-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const copy = createWriteStream(part);
  let size = 0;
  const tee = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      copy.write(chunk) ? done(null, chunk) : copy.once('drain', () => done(null, chunk));
    },
  });
  try {
    await pipeline(Readable.fromWeb(upstream.body), tee, response);
    await new Promise((resolve) => copy.end(resolve));
    if (length === null || size === Number(length)) await rename(part, keepAs);
  } finally {
    copy.destroy();
    await rm(part, { force: true });
  }
  return 200;
}

/** Starts the server; it listens when the promise resolves. */
export async function startOverlayServer(options: OverlayOptions): Promise<RunningServer> {
  const roots = [...options.roots, options.cache];

  async function answer(
    name: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<[number, Origin]> {
    for (const root of roots) {
      const file = path.join(root, name);
      if ((await stat(file).catch(() => null))?.isFile()) {
        return [await sendFile(file, request, response), path.basename(root)];
      }
    }
    // A Release file of our own differs from Debian's: its signature is not ours.
    if (name.endsWith('/Release.gpg')) {
      const release = name.slice(0, -'.gpg'.length);
      if (options.roots.some((root) => existsSync(path.join(root, release)))) {
        return [empty(response, 404), 'unsigned'];
      }
    }
    const inMirror = /^\/debian(\/.*)$/.exec(name)?.[1];
    if (options.mirror === null || !inMirror) return [empty(response, 404), 'absent'];
    const url = options.mirror + encodeURI(inMirror);
    const keepAs = path.join(options.cache, name);
    return [await relay(url, keepAs, request, response), 'mirror'];
  }

  const server = createServer((request, response) => {
    const begin = Date.now();
    const name = cleanPath(request.url);
    const reading = request.method === 'GET' || request.method === 'HEAD';
    const result: Promise<[number, Origin]> =
      !name || !reading
        ? Promise.resolve([empty(response, name ? 405 : 400), 'refused'])
        : answer(name, request, response);
    result
      .catch((error: unknown): [number, Origin] => {
        if (response.headersSent) response.destroy();
        else empty(response, 502);
        return [502, error instanceof Error ? error.message : String(error)];
      })
      .then(([status, origin]) => {
        const time = new Date().toTimeString().slice(0, 8);
        const from = request.socket.remoteAddress ?? '-';
        options.log?.(
          `${time} ${from} ${request.method} ${request.url} ${status} ${origin} ${Date.now() - begin}ms`,
        );
      });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.bind, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.bind}:${port}`,
    port,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
