/** Sends one request over HTTP, once. */
import http, { type IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import got, { type OptionsInit, type Response } from 'got';
import { OzError } from '../../../src/base/errors.ts';
import { inWords, limits } from '../../../src/base/limits.ts';
import { packageVersion } from '../../../src/base/package-root.ts';
import { proxyAgents, tunnelAgents } from '../../../src/base/proxy.ts';
import { trustedAuthorities } from '../../../src/base/tls-trust.ts';
import type { BodyAnswer } from './body-wire.ts';
import { exchangeData, textOf } from './data-wire.ts';
import { readAuthority, readClient, type TlsSettings } from './tls-files.ts';

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

export interface Wire {
  /** Throws what got or Node throws: it may hold the headers, so let nobody see it. */
  send(request: WireRequest): Promise<WireAnswer>;
  /** The answer's body unread; the caller reads or destroys it. */
  open(request: WireRequest): Promise<BodyAnswer>;
}

const connectMs = 20_000;

/** The path and query may hold what is nobody's business: the host is enough. */
const endless = (url: string): OzError =>
  new OzError(
    'OZ_CLOUD_ANSWER',
    `Cannot use the answer of ${new URL(url).host}: it is larger than ${inWords(limits.answer)}`,
    { hint: "ask the cloud's operator what answers there" },
  );

/** Connections are not kept: one that the server has closed meanwhile makes a POST's outcome unsure. */
const directAgents = {
  http: new http.Agent({ keepAlive: false }),
  https: new https.Agent({ keepAlive: false }),
};

export function createWire(tls: TlsSettings): Wire {
  const loading = import('./body-wire.ts'); // undici takes a while: beside the first requests
  const certificateAuthority = tls.cacert ? [readAuthority(tls.cacert)] : trustedAuthorities();
  const client = tls.cert ? readClient(tls.cert, tls.key ?? tls.cert) : null;

  const headersOf = (request: WireRequest) => ({
    'user-agent': `ozma/${packageVersion()}`,
    ...request.headers,
  });

  function options(request: WireRequest, body: string | undefined): OptionsInit {
    const agents = proxyAgents(new URL(request.url));
    return {
      method: request.method as 'GET',
      headers: headersOf(request),
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
      ...(body === undefined ? {} : { body }),
      ...(request.signal ? { signal: request.signal } : {}),
    };
  }

  /** Of a large transfer. A connection of its own, by a proxy's agent where one is to be used. */
  function transfer(request: WireRequest, agentsFor: typeof proxyAgents) {
    const url = new URL(request.url);
    const kind = url.protocol === 'https:' ? 'https' : 'http';
    const agent = agentsFor(url)[kind];
    return {
      method: request.method,
      url: request.url,
      headers: headersOf(request),
      idleMs: request.idleMs,
      connectMs,
      connection: {
        ...(agent ? { agent } : {}),
        ca: certificateAuthority,
        rejectUnauthorized: !tls.insecure,
        ...(client ? { cert: client.certificate, key: client.key } : {}),
      },
      signal: request.signal,
    };
  }

  return {
    async send(request) {
      if (typeof request.body === 'object') {
        const answer = await exchangeData({
          ...transfer(request, proxyAgents),
          body: request.body,
        });
        const { statusCode: status = 0, headers } = answer;
        const text = await textOf(answer, limits.answer);
        if (text === undefined) throw endless(request.url);
        return { status, headers, text };
      }
      const init = {
        ...options(request, request.body),
        responseType: 'text',
        isStream: false,
      } as const;
      const sent = got(request.url, init);
      let tooLarge = false;
      sent.on('downloadProgress', ({ transferred }) => {
        tooLarge ||= transferred > limits.answer;
        if (tooLarge) sent.cancel();
      });
      try {
        const answer = (await sent) as Response<string>;
        return { status: answer.statusCode, headers: answer.headers, text: answer.body };
      } catch (error) {
        throw tooLarge ? endless(request.url) : error;
      }
    },
    open: async (request) => (await loading).openBody(transfer(request, tunnelAgents)),
  };
}
