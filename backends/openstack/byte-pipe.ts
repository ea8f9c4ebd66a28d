/** The bytes of a websocket as a stream to read from in pieces of any length. */
import type { Agent } from 'node:http';
import { OzError } from '../../src/base/errors.ts';
import { inWords, limits } from '../../src/base/limits.ts';
import { tunnelAgents } from '../../src/base/proxy.ts';
import { trustedAuthorities } from '../../src/base/tls-trust.ts';

export interface BytePipe {
  /** Waits for that many bytes. Throws when the connection ends before. */
  read(length: number): Promise<Buffer>;
  write(bytes: Buffer): void;
  /** Whether the connection has ended. */
  over(): boolean;
  close(): void;
}

export interface PipeOptions {
  signal?: AbortSignal | undefined;
  /** Any certificate is accepted. */
  insecure?: boolean | undefined;
  /** Text of an authority to trust; absent: those of the system. */
  authority?: string | undefined;
}

const connectMs = 10_000;
/** Bytes that a message costs besides its content. */
const overhead = 128;

/** Throws `OZ_CLOUD_CONSOLE`; never tells the URL, which has a token in it. */
export async function openPipe(url: URL, options: PipeOptions = {}): Promise<BytePipe> {
  const { signal, insecure = false, authority } = options;
  const { WebSocket } = await import('ws'); // seldom needed
  signal?.throwIfAborted();
  const secure = url.protocol === 'wss:';
  const http = new URL(`${secure ? 'https' : 'http'}://${url.host}/`);
  const agents = tunnelAgents(http) as { http?: Agent; https?: Agent };
  const agent = secure ? agents.https : agents.http;
  const socket = new WebSocket(url, ['binary'], {
    origin: http.origin,
    handshakeTimeout: connectMs,
    maxPayload: limits.screen,
    rejectUnauthorized: !insecure,
    ca: authority ?? trustedAuthorities(),
    ...(agent ? { agent } : {}),
  });
  const pieces: Buffer[] = [];
  let there = 0;
  let ended = false;
  let why = 'hung up';
  let wake = () => {};
  const end = () => {
    ended = true;
    wake();
  };
  const abort = () => socket.terminate();
  signal?.addEventListener('abort', abort, { once: true });
  socket.on('message', (data: Buffer) => {
    pieces.push(data);
    there += data.length;
    if (there + pieces.length * overhead > limits.screen) {
      why = `sends more than ${inWords(limits.screen)} at once`;
      socket.terminate();
      pieces.length = 0;
      there = 0;
    }
    wake();
  });
  socket.on('close', end);
  socket.on('error', end);
  await new Promise<void>((resolve) => {
    socket.once('open', resolve);
    wake = resolve;
  });
  const fail = (why: string) => {
    signal?.throwIfAborted();
    return new OzError('OZ_CLOUD_CONSOLE', `Cannot use the server's screen: ${url.host} ${why}`);
  };
  if (ended) throw fail('lets nobody connect');

  return {
    async read(length) {
      while (there < length) {
        if (ended) throw fail(why);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const all = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
      const rest = all.subarray(length);
      pieces.splice(0, pieces.length, ...(rest.length > 0 ? [rest] : []));
      there = rest.length;
      return all.subarray(0, length);
    },
    write: (bytes) => socket.send(bytes),
    over: () => ended,
    close() {
      signal?.removeEventListener('abort', abort);
      socket.terminate();
    },
  };
}
