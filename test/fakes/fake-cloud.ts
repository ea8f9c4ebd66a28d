/**
 * A small cloud in this process, over real HTTP: Keystone signs in, the version
 * documents are those of real services, everything else is what a test says.
 * For unit tests only; the real services have tests of their own.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type Credentials, readCredentials } from '../../backends/openstack/auth/credentials.ts';
import type { Pace } from '../../backends/openstack/http/pace.ts';

export interface FakeRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingMessage['headers'];
  body: Buffer;
  /** The body as JSON, or undefined. */
  json: unknown;
  /** What `:name` stands for in the route. */
  params: Record<string, string>;
}

export interface FakeReply {
  status?: number;
  json?: unknown;
  text?: string;
  body?: Buffer;
  headers?: Record<string, string>;
  /** Hangs up without an answer, or after so many bytes of the body. */
  drop?: true | number;
}

export type FakeHandler = FakeReply | ((request: FakeRequest) => FakeReply | Promise<FakeReply>);

export interface RecordedRequest {
  method: string;
  /** With its query. */
  path: string;
  microversion?: string;
  contentType?: string;
  json?: unknown;
  /** Length of a body that is no JSON. */
  bytes?: number;
}

export interface FakeCloud {
  readonly url: string;
  /** All but version documents, as they came. */
  readonly requests: RecordedRequest[];
  /** Tokens given out so far. */
  tokens(): number;
  /**
   * Answers a method and path (`/compute/v2.1/servers/:id`); later ones win. With
   * several replies each is used once, the last one for ever.
   */
  on(method: string, path: string, ...replies: FakeHandler[]): void;
  /** Answers before the body of the request has come, as a service that refuses an upload. */
  refuse(method: string, path: string, reply: FakeReply): void;
  /** Credentials for it; `settings` are keys of [openstack]. */
  credentials(settings?: Record<string, string>): Credentials;
  /** Makes all tokens given out so far worthless. */
  revokeTokens(): void;
  stop(): Promise<void>;
}

export interface FakeCloudOptions {
  /** Service types that the catalogue leaves out. */
  without?: readonly string[];
  /** Endpoint paths by type, instead of the usual ones. */
  endpoints?: Record<string, string>;
  region?: string;
  /** Seconds that a token lasts. */
  tokenLife?: number;
  tls?: { cert: string; key: string };
  /** Whether the token has no project. */
  unscoped?: boolean;
  /** `member` unless told. */
  roles?: readonly string[];
  /** Seconds that its clock is ahead. */
  ahead?: number;
}

export const fakeProject = '9fa0c41ad3f94e8d9d4f0f7e0e2f8a11';
export const fakeUser = 'c0ffee00d3f94e8d9d4f0f7e0e2f8a22';
export const fakePassword = 'pass-word-of-a-test';

/** Repeats at once, and gives up soon. */
export const quickPace: Pace = {
  patienceMs: 1500,
  firstContactMs: 300,
  backoffMs: 5,
  longestBackoffMs: 20,
  longestRetryAfterMs: 2000,
  faultyAttempts: 4,
  lastWordMs: 500,
};

const usualEndpoints: Record<string, string> = {
  identity: '/identity',
  image: '/image',
  compute: '/compute/v2.1',
  'block-storage': `/volume/v3/${fakeProject}`,
  network: '/network',
};

interface Route {
  method: string;
  parts: string[];
  replies: FakeHandler[];
  used: number;
  early: boolean;
}

function matchRoute(route: Route, method: string, path: string): Record<string, string> | null {
  const parts = path.split('/');
  if (route.method !== method || route.parts.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [i, wanted] of route.parts.entries()) {
    const part = decodeURIComponent(parts[i] ?? '');
    if (wanted.startsWith(':')) params[wanted.slice(1)] = part;
    else if (wanted !== part) return null;
  }
  return params;
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, reply: FakeReply): void {
  if (reply.drop === true) {
    response.socket?.destroy();
    return;
  }
  const body =
    reply.body ??
    Buffer.from(reply.json === undefined ? (reply.text ?? '') : JSON.stringify(reply.json));
  const status = reply.status ?? 200;
  response.writeHead(status, {
    ...(reply.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(status === 204 ? {} : { 'content-length': String(body.length) }),
    'x-openstack-request-id': 'req-00000000-fake',
    ...reply.headers,
  });
  if (reply.drop === undefined) {
    response.end(body);
  } else {
    response.write(body.subarray(0, reply.drop), () => {
      setTimeout(() => response.socket?.destroy(), 20);
    });
  }
}

export async function startFakeCloud(options: FakeCloudOptions = {}): Promise<FakeCloud> {
  const { without = [], region = 'RegionOne', tokenLife = 3600 } = options;
  const routes: Route[] = [];
  const requests: RecordedRequest[] = [];
  const sockets = new Set<Socket>();
  let tokens = 0;
  let firstValid = 1;
  let url = '';

  const add = (method: string, path: string, replies: FakeHandler[], early = false) =>
    routes.unshift({ method, parts: path.split('/'), replies, used: 0, early });

  const catalogue = () =>
    Object.entries({ ...usualEndpoints, ...options.endpoints })
      .filter(([type]) => !without.includes(type))
      .map(([type, path]) => ({
        type,
        name: type,
        endpoints: ['public', 'internal'].map((kind) => ({
          interface: kind,
          region,
          region_id: region,
          url: path.startsWith('http') ? path : `${url}${path}`,
        })),
      }));

  function tokenReply(): FakeReply {
    tokens++;
    const issued = Date.now();
    return {
      status: 201,
      headers: { 'x-subject-token': `token-${tokens}` },
      json: {
        token: {
          methods: ['password'],
          expires_at: new Date(issued + tokenLife * 1000).toISOString(),
          issued_at: new Date(issued).toISOString(),
          user: { id: fakeUser, name: 'demo', domain: { id: 'default', name: 'Default' } },
          ...(options.unscoped ? {} : { project: { id: fakeProject, name: 'demo' } }),
          roles: (options.roles ?? ['member']).map((name, id) => ({ id: String(id), name })),
          catalog: catalogue(),
        },
      },
    };
  }

  const version = (id: string, max?: string, min?: string) => ({
    id,
    status: 'CURRENT',
    ...(max ? { version: max, min_version: min } : {}),
    links: [{ rel: 'self', href: `http://not-reachable.example/${id}/` }],
  });

  add('GET', '/identity/', [{ status: 300, json: { versions: { values: [version('v3.14')] } } }]);
  add('POST', '/identity/v3/auth/tokens', [tokenReply]);
  add('GET', '/image/versions', [
    { json: { versions: [version('v2.16'), version('v2.15'), version('v2.0')] } },
  ]);
  add('GET', '/compute/v2.1/', [{ json: { version: version('v2.1', '2.93', '2.1') } }]);
  add('GET', '/volume/v3/', [
    { status: 200, json: { versions: [version('v3.0', '3.70', '3.0')] } },
  ]);
  const documents = new Set(routes);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = new URL(request.url ?? '/', url);
    const method = request.method ?? 'GET';
    const path = target.pathname;
    let route: Route | undefined;
    let params: Record<string, string> = {};
    for (const candidate of routes) {
      const matched = matchRoute(candidate, method, path);
      if (!matched) continue;
      route = candidate;
      params = matched;
      break;
    }
    const body = route?.early ? Buffer.alloc(0) : await readAll(request);
    const json = body.length ? parseJson(body) : undefined;
    const asked = request.headers['openstack-api-version'];
    const contentType = request.headers['content-type'];
    if (!route || !documents.has(route)) {
      requests.push({
        method,
        path: decodeURIComponent(target.pathname) + decodeURIComponent(target.search),
        ...(asked ? { microversion: String(asked) } : {}),
        ...(contentType && contentType !== 'application/json' ? { contentType } : {}),
        ...(json === undefined ? {} : { json }),
        ...(json === undefined && body.length ? { bytes: body.length } : {}),
      });
    }
    if (!route) {
      const fault = { itemNotFound: { code: 404, message: `${method} ${path}: no such route` } };
      return send(response, { status: 404, json: fault });
    }
    const token = /^token-(\d+)$/.exec(String(request.headers['x-auth-token'] ?? ''));
    const open = path.startsWith('/identity') || documents.has(route);
    if (!open && !(token && Number(token[1]) >= firstValid)) {
      const fault = { error: { code: 401, title: 'Unauthorized', message: 'token not valid' } };
      return send(response, { status: 401, json: fault });
    }
    const reply = route.replies[Math.min(route.used, route.replies.length - 1)] ?? {};
    route.used++;
    const query = Object.fromEntries(target.searchParams);
    const { headers } = request;
    const full = { method, path, query, headers, body, json, params };
    send(response, typeof reply === 'function' ? await reply(full) : reply);
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const now = Date.now() + (options.ahead ?? 0) * 1000;
    response.setHeader('date', new Date(now).toUTCString());
    answer(request, response).catch(() => response.socket?.destroy());
  };
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  url = `http${options.tls ? 's' : ''}://127.0.0.1:${port}`;

  return {
    url,
    requests,
    tokens: () => tokens,
    on: (method, path, ...replies) => add(method, path, replies),
    refuse: (method, path, reply) => add(method, path, [reply], true),
    credentials: (settings = {}) =>
      readCredentials({
        env: {},
        cwd: '/nowhere',
        home: '/nowhere',
        settings: {
          auth_url: `${url}/identity/v3`,
          username: 'demo',
          password: fakePassword,
          project_name: 'demo',
          ...settings,
        },
      }),
    revokeTokens: () => {
      firstValid = tokens + 1;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
