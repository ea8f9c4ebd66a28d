/** Sends one request over HTTP, once. */
import { readFileSync } from 'node:fs';
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import got, { type OptionsInit, type Response } from 'got';
import { codeOf, OzError } from '../../../src/base/errors.ts';
import { packageVersion } from '../../../src/base/package-root.ts';
import { proxyAgents } from '../../../src/base/proxy.ts';
import { trustedAuthorities } from '../../../src/base/tls-trust.ts';

export interface WireRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string | Readable | undefined;
  /** Without a byte in either direction. */
  idleMs: number;
  signal?: AbortSignal | undefined;
}

export interface WireAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export interface WireStream {
  status: number;
  headers: IncomingHttpHeaders;
  body: Readable;
}

export interface Wire {
  /** Throws what got throws: it holds the headers, so let nobody see it. */
  send(request: WireRequest): Promise<WireAnswer>;
  /** The answer's body unread; the caller reads or destroys it. */
  open(request: WireRequest): Promise<WireStream>;
}

export interface TlsSettings {
  readonly insecure: boolean;
  readonly cacert: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

function readTlsFile(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new OzError(
      'OZ_CLOUD_CONFIG',
      `Cannot read the ${what} ${file}: ${codeOf(error) ?? 'failed'}`,
      { hint: 'correct its path in clouds.yaml, oz.cfg or the OS_* variables' },
    );
  }
}

const connectMs = 20_000;

/** Connections are not kept: one that the server has closed meanwhile makes a POST's outcome unsure. */
const directAgents = {
  http: new http.Agent({ keepAlive: false }),
  https: new https.Agent({ keepAlive: false }),
};

export function createWire(tls: TlsSettings): Wire {
  const certificateAuthority = tls.cacert
    ? [readTlsFile(tls.cacert, 'CA file')]
    : trustedAuthorities();
  const client = tls.cert
    ? {
        certificate: readTlsFile(tls.cert, 'client certificate'),
        key: readTlsFile(tls.key ?? tls.cert, 'client key'),
      }
    : {};

  function options(request: WireRequest): OptionsInit {
    const agents = proxyAgents(new URL(request.url));
    return {
      method: request.method as 'GET',
      headers: { 'user-agent': `ozma/${packageVersion()}`, ...request.headers },
      throwHttpErrors: false,
      followRedirect: false,
      retry: { limit: 0 },
      agent: Object.keys(agents).length ? agents : directAgents,
      https: { certificateAuthority, rejectUnauthorized: !tls.insecure, ...client },
      timeout: {
        lookup: connectMs,
        connect: connectMs,
        secureConnect: connectMs,
        socket: request.idleMs,
        response: request.idleMs,
      },
      ...(request.body === undefined ? {} : { body: request.body }),
      ...(request.signal ? { signal: request.signal } : {}),
    };
  }

  return {
    async send(request) {
      const init = { ...options(request), responseType: 'text', isStream: false } as const;
      const answer = (await got(request.url, init)) as Response<string>;
      return { status: answer.statusCode, headers: answer.headers, text: answer.body };
    },
    async open(request) {
      const stream = got.stream(request.url, {
        ...options(request),
        isStream: true,
        decompress: false,
      });
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        stream.once('response', resolve);
        stream.once('error', reject);
      });
      stream.on('error', () => {}); // who reads the body meets it too
      return { status: response.statusCode ?? 0, headers: response.headers, body: stream };
    },
  };
}
