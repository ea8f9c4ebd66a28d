/**
 * Asks for a large body over HTTP, once. By undici, which hands the body on as it was read:
 * Node's own client copies each piece, and reads into memory that is new each time.
 */
import type { Agent, IncomingHttpHeaders } from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { type buildConnector, Client, type Dispatcher } from 'undici';
import { codeOf } from '../../../src/base/errors.ts';
import { type Batches, createBatches } from './batches.ts';
import { limitConnecting, timeout } from './connect-limit.ts';
import type { DataConnection } from './data-wire.ts';
import { createRegions, type Regions } from './regions.ts';

export interface BodyRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  /** Milliseconds without a byte. */
  idleMs: number;
  /** Milliseconds for each step up to a connection. */
  connectMs: number;
  connection: DataConnection;
  signal?: AbortSignal | undefined;
}

/** For one reader, in steps. A batch is its own until it asks for the next one. */
export interface WireBody extends AsyncIterable<readonly Buffer[]> {
  destroy(): void;
}

export interface BodyAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: WireBody;
}

const withCode = (code: string) => Object.assign(new Error('broken off'), { code });

/** Of undici's own codes those that others know by another name. */
function commonError(error: Error): Error {
  const code = codeOf(error) ?? '';
  if (/^UND_ERR_(HEADERS|BODY)_TIMEOUT$/.test(code)) return timeout('socket');
  if (error.name === 'HTTPParserError') return withCode('EBADMSG');
  if (/^UND_ERR_/.test(code)) return withCode('ECONNRESET');
  return error;
}

/** What a socket keeps before it reads no more: Node's 64 KiB stop it at each read. */
const highWaterMark = 1 << 20;

/** Reads into few regions (net.Socket's `onread`); goes on as pieces of a stream. */
function readingInto(regions: Regions): net.OnReadOpts {
  return {
    buffer: () => regions.take(),
    callback(this: net.Socket, bytes: number, region: Uint8Array) {
      return this.push(region.subarray(0, bytes));
    },
  };
}

type AgentConnect = (
  options: tls.ConnectionOptions,
  done: (error: Error | null, socket: net.Socket | null) => void,
) => unknown;

/** Connects directly, or as the agent of a proxy does. */
function connector(
  { connectMs, connection: { agent, ...trust }, signal }: BodyRequest,
  regions: Regions,
): buildConnector.connector {
  return ({ hostname, port, protocol, servername }, callback) => {
    const secure = protocol === 'https:';
    let socket: net.Socket | null = null;
    let over = false;
    const settle = (error: Error | null) => {
      if (over) {
        socket?.destroy();
        return;
      }
      over = true;
      limit.done();
      signal?.removeEventListener('abort', stop);
      if (!error && socket) return callback(null, socket);
      socket?.on('error', () => {}).destroy();
      callback(error ?? new Error('no connection'), null);
    };
    const limit = limitConnecting(connectMs, settle);
    const stop = () => settle(new Error('stopped'));
    signal?.addEventListener('abort', stop, { once: true });
    const options = {
      host: hostname,
      port: Number(port) || (secure ? 443 : 80),
      ...(secure ? { ...trust, servername: servername ?? '' } : {}),
    };
    if (agent) {
      const connect = (agent as Agent & { createConnection: AgentConnect }).createConnection;
      connect.call(agent, options, (error, connected) => {
        socket = connected;
        settle(error);
      });
      return;
    }
    const direct = { ...options, highWaterMark, onread: readingInto(regions) };
    socket = secure ? tls.connect(direct as tls.ConnectionOptions) : net.connect(direct);
    limit.watch(socket, secure);
    socket.once('error', settle);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      socket?.off('error', settle);
      settle(null);
    });
  };
}

/** Told by undici what comes; tells the promise's ends and the batches. */
function handler(
  batches: Batches,
  resolve: (status: number, headers: IncomingHttpHeaders) => void,
  reject: (error: Error) => void,
  keep: (controller: Dispatcher.DispatchController) => void,
): Dispatcher.DispatchHandler {
  return {
    onRequestStart: keep,
    onResponseStart(_, status, headers) {
      if (status >= 200) resolve(status, headers);
    },
    onResponseData(controller, piece) {
      if (!batches.push(piece)) controller.pause();
    },
    onResponseEnd: () => batches.end(),
    onResponseError(_, error) {
      const failure = commonError(error);
      batches.end(failure);
      reject(failure);
    },
  };
}

/** Rejects with Node's errors, also where undici has its own. */
export async function openBody(request: BodyRequest): Promise<BodyAnswer> {
  const { signal } = request;
  signal?.throwIfAborted();
  const url = new URL(request.url);
  const regions = createRegions();
  const client = new Client(url.origin, {
    connect: connector(request, regions),
    headersTimeout: request.idleMs,
    bodyTimeout: request.idleMs,
  });
  const end = (reason: Error | null) => {
    signal?.removeEventListener('abort', stop);
    client.destroy(reason).catch(() => {});
  };
  const close = () => end(null);
  const stop = () => end(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  let controller: Dispatcher.DispatchController | undefined;
  let whole = false;
  const batches = createBatches({
    onRoom: () => controller?.resume(),
    // Of a body in chunks several pieces may lie in one region, not all of them here yet.
    onRead: (pieces) => whole && regions.giveBack(pieces),
    onClose: close,
  });
  return new Promise((resolve, reject) => {
    const taken = (status: number, headers: IncomingHttpHeaders) => {
      whole = headers['content-length'] !== undefined;
      const body = batches.read();
      resolve({
        status,
        headers,
        body: { [Symbol.asyncIterator]: () => body, destroy: close },
      });
    };
    const refused = (error: Error) => {
      close();
      reject(error);
    };
    client.dispatch(
      {
        path: `${url.pathname}${url.search}`,
        method: request.method as Dispatcher.HttpMethod,
        headers: request.headers,
        reset: true,
      },
      handler(batches, taken, refused, (started) => {
        controller = started;
      }),
    );
  });
}
