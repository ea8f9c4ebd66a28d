/** Servers and directories for the tests of media. */
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished, vi } from 'vitest';

/** A directory that goes with the test. */
export function testDir(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'ozma-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Makes files another user's; who may not give files away becomes another user. */
export function giveAway(file: string): void {
  if (process.geteuid?.() === 0) {
    chownSync(file, 12345, 12345);
    return;
  }
  const spy = vi.spyOn(process, 'geteuid').mockReturnValue(12345);
  onTestFinished(() => spy.mockRestore());
}

export interface TestServer {
  /** Without a slash at the end. */
  url: string;
  /** `GET /path range` of each request, in order. */
  requests: string[];
  server: Server;
}

/** A real server on loopback, gone with the test. */
export async function serve(
  handler: RequestListener,
  make: (handler: RequestListener) => Server = createServer,
): Promise<TestServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = make((request, response) => {
    const range = request.headers.range ? ` ${request.headers.range}` : '';
    requests.push(`${request.method} ${request.url}${range}`);
    handler(request, response);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests, server };
}

export interface ServedFile {
  content: Buffer;
  etag?: string;
  lastModified?: string;
  /** Break the connection after so many bytes of the body. */
  breakAfter?: number;
}

/** Answers as a web server does for a file: ranges, If-Range, HEAD. */
export function sendFile(request: IncomingMessage, response: ServerResponse, file: ServedFile) {
  const { content, etag, lastModified, breakAfter } = file;
  if (etag) response.setHeader('etag', etag);
  if (lastModified) response.setHeader('last-modified', lastModified);
  response.setHeader('accept-ranges', 'bytes');
  const condition = request.headers['if-range'];
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const isValid = condition === undefined || condition === etag || condition === lastModified;
  const start = range && isValid ? Number(range[1]) : 0;
  if (range && isValid && start >= content.length) {
    response.writeHead(416).end();
    return;
  }
  const body = content.subarray(start);
  if (range && isValid) {
    const last = content.length - 1;
    response.setHeader('content-range', `bytes ${start}-${last}/${content.length}`);
  }
  response.writeHead(range && isValid ? 206 : 200, { 'content-length': body.length });
  if (request.method === 'HEAD') response.end();
  else if (breakAfter === undefined) response.end(body);
  else response.write(body.subarray(0, breakAfter), () => setTimeout(() => response.destroy(), 20));
}

/** Bytes that are not all alike and not compressible to nothing. */
export function someBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}
