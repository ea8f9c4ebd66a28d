/**
 * Asks for a large body over HTTP, once. By undici, which hands the body on as it was read:
 * Node's own client copies each piece, and reads into memory that is new each time.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { Client, type Dispatcher } from 'undici';
import { codeOf } from '../../../src/base/errors.ts';
import { type Batches, createBatches } from './batches.ts';
import { timeout } from './connect-limit.ts';
import { connector } from './connector.ts';
import type { TransferRequest } from './data-wire.ts';
import { createRegions } from './regions.ts';

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
export async function openBody(request: TransferRequest): Promise<BodyAnswer> {
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
