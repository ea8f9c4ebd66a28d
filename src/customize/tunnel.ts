/**
 * Repositories that only the machine that runs the build can reach: the guest
 * reaches them through an HTTP proxy on its own loopback, whose other end is
 * here. Every other connection that the proxy is asked for is made from the
 * guest, so that nothing else of this machine's network is opened to it.
 */
import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { deadline } from '../base/abort.ts';
import { codeOf } from '../base/errors.ts';
import type { Session } from './session.ts';
import type { Repository } from './types.ts';

export interface Tunnel {
  /** For the package manager's commands. */
  environment: Readonly<Record<string, string>>;
  /** What goes through it, as host:port. */
  endpoints: readonly string[];
  close(): Promise<void>;
}

interface Endpoint {
  host: string;
  port: number;
}

const nameOf = ({ host, port }: Endpoint) => `${host.toLowerCase()}:${port}`;

/** Milliseconds within which a connection must come about. */
const patience = 10_000;

const ports: Partial<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** The server of a URL, which may be in the middle of a line of sources.list. */
function endpointOf(text: string): Endpoint | undefined {
  const found = /https?:\/\/[^\s'"]+/i.exec(text)?.[0];
  if (!found || !URL.canParse(found)) return undefined;
  const { hostname, port, protocol } = new URL(found);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (ports[protocol] ?? 80) : Number(port),
  };
}

function connectHere({ host, port }: Endpoint): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, timeout: patience, noDelay: true });
    socket.once('connect', () => {
      socket.setTimeout(0);
      resolve(socket);
    });
    socket.once('timeout', () => socket.destroy(new Error('no answer')));
    socket.once('error', reject);
  });
}

type Dial = NonNullable<Session['dial']>;

async function connects(connect: () => Promise<Duplex>): Promise<boolean> {
  const limit = deadline(patience, () => new Error('no answer'));
  try {
    const late = new Promise<never>((_, reject) => {
      limit.signal.addEventListener('abort', () => reject(limit.signal.reason), { once: true });
    });
    const made = connect();
    made.catch(() => {});
    const stream = await Promise.race([made, late]);
    stream.on('error', () => {});
    stream.destroy();
    return true;
  } catch (error) {
    // Where a server makes no connections for us, nobody can tell what the guest itself reaches.
    return codeOf(error) === 'OZ_SSH_TUNNEL';
  } finally {
    limit.clear();
  }
}

function relay(one: Duplex, other: Duplex): void {
  one.on('error', () => other.destroy());
  other.on('error', () => one.destroy());
  one.on('close', () => other.destroy());
  other.on('close', () => one.destroy());
  one.pipe(other).pipe(one);
}

/** Headers that concern one connection only. */
const ownHeaders = ['proxy-connection', 'proxy-authorization', 'connection', 'keep-alive'];

function forwarded(headers: http.IncomingHttpHeaders): http.IncomingHttpHeaders {
  const rest = Object.entries(headers).filter(([name]) => !ownHeaders.includes(name));
  return { ...Object.fromEntries(rest), connection: 'close' };
}

/** The proxy itself; `connect` says how a server is reached. */
function proxy(connect: (endpoint: Endpoint) => Promise<Duplex>): http.Server {
  const server = http.createServer(async (request, response) => {
    const { url = '' } = request;
    const endpoint = endpointOf(url);
    const fail = () => {
      if (!response.headersSent) response.writeHead(502);
      response.end();
    };
    if (!endpoint) return fail();
    try {
      const stream = await connect(endpoint);
      const { pathname, search } = new URL(url);
      const onward = http.request({
        method: request.method,
        path: `${pathname}${search}`,
        headers: forwarded(request.headers),
        createConnection: () => stream as net.Socket,
      });
      onward.once('response', (answer) => {
        const { connection: _, 'keep-alive': __, ...headers } = answer.headers;
        response.writeHead(answer.statusCode ?? 502, headers);
        answer.pipe(response);
        answer.once('error', () => response.destroy());
      });
      onward.once('error', fail);
      response.once('close', () => stream.destroy());
      request.pipe(onward);
    } catch {
      fail();
    }
  });
  server.on('connect', async (request: http.IncomingMessage, client: Duplex, head: Buffer) => {
    client.on('error', () => client.destroy());
    const endpoint = endpointOf(`https://${request.url ?? ''}`);
    try {
      if (!endpoint) throw new Error('no target');
      const stream = await connect(endpoint);
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) stream.write(head);
      relay(client, stream);
    } catch {
      client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    }
  });
  return server;
}

/** Those that the guest can't reach and this machine can. */
async function cutOff(dial: Dial, repositories: readonly Repository[]): Promise<Endpoint[]> {
  const all = repositories.flatMap(({ url }) => endpointOf(url) ?? []);
  const distinct = [...new Map(all.map((endpoint) => [nameOf(endpoint), endpoint])).values()];
  const judged = await Promise.all(
    distinct.map(async (endpoint) => {
      const fromGuest = await connects(() => dial(endpoint.host, endpoint.port));
      return fromGuest || !(await connects(() => connectHere(endpoint))) ? [] : [endpoint];
    }),
  );
  return judged.flat();
}

/** Null when the guest reaches all of them by itself, or nobody does. Throws OZ_SSH_LOST, OZ_SSH_TUNNEL. */
export async function openTunnel(
  session: Session,
  repositories: readonly Repository[],
): Promise<Tunnel | null> {
  const { dial, listen } = session;
  if (!dial || !listen) return null;
  const endpoints = (await cutOff(dial, repositories)).map(nameOf);
  if (endpoints.length === 0) return null;
  const here = new Set(endpoints);
  const server = proxy((endpoint) =>
    here.has(nameOf(endpoint)) ? connectHere(endpoint) : dial(endpoint.host, endpoint.port),
  );
  const listening = await listen((stream) => {
    stream.on('error', () => stream.destroy());
    server.emit('connection', stream);
  });
  const url = `http://127.0.0.1:${listening.port}`;
  return {
    environment: { http_proxy: url, https_proxy: url, HTTP_PROXY: url, HTTPS_PROXY: url },
    endpoints,
    close: async () => {
      await listening.close();
      server.closeAllConnections();
    },
  };
}
