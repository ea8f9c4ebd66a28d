/** One GET of a few KB: through the proxies of the environment, by the system's authorities. */
import type { IncomingMessage } from 'node:http';
import got from 'got';
import { OzError } from '../../src/base/errors.ts';
import { redirectHooks } from '../../src/base/follow-guard.ts';
import { packageVersion } from '../../src/base/package-root.ts';
import { proxyAgents } from '../../src/base/proxy.ts';
import { trustedAuthorities } from '../../src/base/tls-trust.ts';

export interface HttpAnswer {
  status: number;
  /** As the server words it. */
  reason: string;
  body: AsyncIterable<Uint8Array>;
  /** Ends the transfer; to be called in any case. */
  close(): void;
}

/** Milliseconds without an answer, after which the server counts as out of reach. */
const patience = 30_000;

/** Follows redirects; any status is an answer. Throws what the connection meets. */
export async function get(
  location: string,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<HttpAnswer> {
  signal?.throwIfAborted();
  const url = new URL(location);
  const stream = got.stream(url, {
    headers: {
      'user-agent': `ozma/${packageVersion()}`,
      'accept-encoding': 'identity',
      ...headers,
    },
    decompress: false,
    throwHttpErrors: false,
    retry: { limit: 0 },
    agent: proxyAgents(url),
    https: { certificateAuthority: trustedAuthorities() },
    timeout: {
      lookup: patience,
      connect: patience,
      secureConnect: patience,
      response: patience,
      socket: patience,
    },
    hooks: redirectHooks(url),
    ...(signal ? { signal } : {}),
  });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    stream.once('response', resolve);
    // What a hook has thrown is worded already.
    stream.once('error', (error: Error) =>
      reject(error.cause instanceof OzError ? error.cause : error),
    );
  });
  stream.on('error', () => {}); // reading the body meets it too; without a reader it's no matter
  return {
    status: response.statusCode ?? 0,
    reason: response.statusMessage ?? '',
    body: stream,
    close: () => void stream.destroy(),
  };
}
