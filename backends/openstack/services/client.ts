/** Requests to one service: paths instead of URLs, JSON in and out, microversions. */
import type { IncomingHttpHeaders } from 'node:http';
import { OzError } from '../../../src/base/errors.ts';
import { limits } from '../../../src/base/limits.ts';
import type { BodyAnswer } from '../http/body-wire.ts';
import type { Service } from '../http/failures.ts';
import type { ApiRequest, Requester, TokenSource } from '../http/requester.ts';
import type { Call } from './types.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ServiceRequest extends Call {
  /** What it is for: `create the server web`. */
  doing: string;
  /** GET unless told. */
  method?: ApiRequest['method'] | undefined;
  /** Below the base URL, with a slash at its begin. Ids in it must be encoded. */
  path: string;
  query?: Query | undefined;
  json?: unknown;
  body?: ApiRequest['body'];
  headers?: Record<string, string> | undefined;
  microversion?: string | undefined;
  repeat?: ApiRequest['repeat'];
  hearOut?: boolean | undefined;
  accept?: readonly number[] | undefined;
  idleMs?: number | undefined;
}

export interface ServiceAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Parsed JSON; an empty object where there is none. */
  data: Record<string, unknown>;
  /** An earlier attempt may have succeeded already. */
  repeated: boolean;
}

export interface ServiceClient {
  readonly service: Service;
  request(request: ServiceRequest): Promise<ServiceAnswer>;
  /** The answer's body unread. */
  open(request: ServiceRequest): Promise<BodyAnswer>;
}

export interface ServiceClientOptions {
  service: Service;
  requester: Requester;
  tokens: TokenSource;
  /** Without a slash at its end. */
  base: string;
  /** The name that microversions are asked for by: `compute`, `volume`. */
  versioned?: string | undefined;
}

function queryText(query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) params.append(key, String(value));
  }
  const text = params.toString();
  return text && `?${text}`;
}

/** A part of a path: names and ids may hold anything. */
export const part = (text: string): string => encodeURIComponent(text);

function parse(text: string, service: Service, doing: string): Record<string, unknown> {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new OzError('OZ_CLOUD_REFUSED', `Cannot ${doing}: the answer of ${service} is no JSON`, {
      hint: 'the endpoint in the catalog may be wrong, or a proxy answers in its place',
    });
  }
}

export function serviceClient(options: ServiceClientOptions): ServiceClient {
  const { service, requester, tokens, base, versioned } = options;

  function apiRequest(request: ServiceRequest): ApiRequest {
    const { microversion, path, query, method = 'GET', headers, ...rest } = request;
    const asked: Record<string, string> =
      microversion && versioned ? { 'openstack-api-version': `${versioned} ${microversion}` } : {};
    return {
      ...rest,
      method,
      service,
      tokens,
      url: `${base}${path}${queryText(query)}`,
      headers: { ...asked, ...headers },
    };
  }

  return {
    service,
    async request(request) {
      const { status, headers, text, repeated } = await requester.send(apiRequest(request));
      const isFault = status >= 300;
      const data = isFault ? {} : parse(text, service, request.doing);
      return { status, headers, data, repeated };
    },
    open: (request) => requester.open(apiRequest(request)),
  };
}

/** Adds a page. A cloud that goes on without an end is left. */
export function collect<T>(found: T[], page: readonly T[], doing: string): void {
  if (found.length + page.length > limits.cloudList) {
    throw new OzError(
      'OZ_CLOUD_ANSWER',
      `Cannot ${doing}: there are more than ${limits.cloudList}`,
      { hint: "ask the cloud's operator what answers there" },
    );
  }
  for (const entry of page) found.push(entry);
}

/** All pages of a list whose links name the next one by its marker (Nova, Cinder, Neutron). */
export async function listAll<T>(
  client: ServiceClient,
  request: ServiceRequest,
  key: string,
  read: (entry: unknown) => T,
): Promise<T[]> {
  const found: T[] = [];
  let marker: string | undefined;
  for (;;) {
    const query = { ...request.query, ...(marker ? { marker } : {}) };
    const { data } = await client.request({ ...request, query });
    const entries = (data[key] ?? []) as unknown[];
    collect(found, entries.map(read), request.doing);
    const links = (data[`${key}_links`] ?? []) as { rel: string; href: string }[];
    const next = links.find((link) => link.rel === 'next')?.href;
    const after = next ? new URL(next, 'http://next').searchParams.get('marker') : null;
    if (!after || after === marker || entries.length === 0) return found;
    marker = after;
  }
}
