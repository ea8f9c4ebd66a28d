/**
 * Sends one request with a large body, or for one, over HTTP, once. Node's own
 * client: got's streams take as much of a processor as the transfer itself.
 */
import http, { type IncomingMessage } from 'node:http';
import https, { type RequestOptions } from 'node:https';
import type net from 'node:net';
import { pipeline, type Readable } from 'node:stream';

export interface DataRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: Readable | undefined;
  /** Milliseconds without a byte in either direction. */
  idleMs: number;
  /** Milliseconds for each step up to a connection. */
  connectMs: number;
  /** Agent, and TLS settings as node:tls has them. */
  connection: Pick<RequestOptions, 'agent' | 'ca' | 'cert' | 'key' | 'rejectUnauthorized'>;
  signal?: AbortSignal | undefined;
}

/** What is read at once at most; Node's own 64 KiB, each newly allocated, cost as much as curl's all. */
const regionBytes = 1 << 20;
const slabBytes = 4 << 20;

/** Reads into regions of few large buffers (net.Socket's `onread`); goes on as pieces of a stream. */
function wideReading(): net.OnReadOpts {
  let slab = Buffer.alloc(0);
  let used = 0;
  return {
    buffer() {
      if (slab.length - used < regionBytes) {
        slab = Buffer.allocUnsafeSlow(slabBytes);
        used = 0;
      }
      return slab.subarray(used, used + regionBytes);
    },
    callback(this: net.Socket, bytes: number, region: Uint8Array) {
      used += bytes;
      return this.push(region.subarray(0, bytes));
    },
  };
}

/** As got names them: `event` is the step that took too long. */
function timeout(event: string): Error {
  return Object.assign(new Error(`timeout of ${event}`), { code: 'ETIMEDOUT', event });
}

/** Ends a request whose connection does not come about. */
function limitConnecting(request: http.ClientRequest, secure: boolean, ms: number): void {
  let step = 'lookup';
  const timer = setTimeout(() => request.destroy(timeout(step)), ms);
  const done = () => clearTimeout(timer);
  const next = (name: string) => () => {
    step = name;
    timer.refresh();
  };
  request.once('close', done);
  request.once('socket', (socket) => {
    // Those that come through a proxy are connected already.
    if (!socket.connecting) return done();
    socket.once('lookup', next('connect'));
    socket.once('connect', secure ? next('secureConnect') : done);
    if (secure) socket.once('secureConnect', done);
  });
}

/** The answer, its body unread; the caller reads or destroys it. Rejects with Node's errors. */
export function exchangeData(request: DataRequest): Promise<IncomingMessage> {
  const { method, headers, body, idleMs, connectMs, connection, signal } = request;
  const url = new URL(request.url);
  const secure = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const sending = (secure ? https : http).request(url, {
      ...connection,
      method,
      headers,
      ...(body ? {} : { onread: wideReading() }),
      ...(signal ? { signal } : {}),
    });
    limitConnecting(sending, secure, connectMs);
    sending.setTimeout(idleMs, () => sending.destroy(timeout('socket')));
    sending.on('error', reject); // also behind the answer, when nobody listens any more
    sending.once('response', (response) => {
      response.on('error', () => {}); // who reads the body meets it too
      resolve(response);
    });
    // A refusal may come before all is sent: what then becomes of the rest is no matter.
    if (body) pipeline(body, sending, () => {});
    else sending.end();
  });
}

/** A short body as text. */
export async function textOf(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of response as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}
