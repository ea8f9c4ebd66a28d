/**
 * Sends one request with a large body over HTTP, once. Node's own client: got's
 * streams take as much of a processor as the transfer itself.
 */
import http, { type IncomingMessage } from 'node:http';
import https, { type RequestOptions } from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import { gather } from '../../../src/base/read-bounded.ts';
import { limitConnecting, timeout } from './connect-limit.ts';

/** Agent, and TLS settings as node:tls has them. */
export type DataConnection = Pick<
  RequestOptions,
  'agent' | 'ca' | 'cert' | 'key' | 'rejectUnauthorized'
>;

/** What all large transfers have, in either direction. */
export interface TransferRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  /** Milliseconds without a byte in either direction. */
  idleMs: number;
  /** Milliseconds for each step up to a connection. */
  connectMs: number;
  connection: DataConnection;
  signal?: AbortSignal | undefined;
}

export interface DataRequest extends TransferRequest {
  body: Readable;
}

/** The answer, its body unread; the caller reads or destroys it. Rejects with Node's errors. */
export function exchangeData(request: DataRequest): Promise<IncomingMessage> {
  const { method, headers, body, idleMs, connectMs, connection, signal } = request;
  const url = new URL(request.url);
  const secure = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const sending = (secure ? https : http).request(url, {
      agent: false, // a connection of its own
      ...connection,
      method,
      headers,
      ...(signal ? { signal } : {}),
    });
    const limit = limitConnecting(connectMs, (error) => sending.destroy(error));
    sending.once('socket', (socket) => limit.watch(socket, secure));
    sending.once('close', limit.done);
    sending.setTimeout(idleMs, () => sending.destroy(timeout('socket')));
    sending.on('error', reject); // also behind the answer, when nobody listens any more
    sending.once('response', (response) => {
      response.on('error', () => {}); // who reads the body meets it too
      resolve(response);
    });
    // A refusal may come before all is sent: what then becomes of the rest is no matter.
    pipeline(body, sending, () => {});
  });
}

/** A short body as text; undefined: it is more than `limit` bytes. */
export async function textOf(
  response: IncomingMessage,
  limit: number,
): Promise<string | undefined> {
  return (await gather(response, limit))?.toString('utf8');
}
