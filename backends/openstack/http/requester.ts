/**
 * Requests with a token, repeated while that may help and is safe, and told to
 * the log. What is no success becomes an OzError in the user's words.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { delay, later } from '../../../src/base/abort.ts';
import { OzError } from '../../../src/base/errors.ts';
import type { BodyAnswer, WireBody } from './body-wire.ts';
import {
  type BrokenOff,
  brokenOff,
  type Failed,
  moved,
  type Service,
  statusFailure,
  unreachable,
  unsure,
} from './failures.ts';
import { readFault } from './fault.ts';
import { askedPauseMs, type Pace, pauseMs } from './pace.ts';
import type { SecretBox } from './secret-box.ts';
import type { Wire, WireAnswer, WireRequest } from './wire.ts';

/** Gives tokens; the session without what it needs requests for. */
export interface TokenSource {
  token(signal?: AbortSignal): Promise<string>;
  /** A new one in place of `stale`, which a service has refused. */
  renew(stale: string, signal?: AbortSignal): Promise<string>;
}

export interface ApiRequest {
  service: Service;
  /** What it is for: `create the server web`. Begins the message of a failure. */
  doing: string;
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers?: Record<string, string> | undefined;
  json?: unknown;
  /** Bytes to send; opened for each attempt. */
  body?: { size: number | null; open(): Readable | Promise<Readable> } | undefined;
  /**
   * `always`: to do it twice does no harm (the default but for POST);
   * `unsent`: only when the service can't have seen it;
   * `never`: the caller repeats by itself, also after a refused connection.
   */
  repeat?: 'always' | 'unsent' | 'never' | undefined;
  /**
   * It makes something: when all is to end its answer is waited for a while (Pace.lastWordMs),
   * since what is made is known by it. The default for what is repeated `unsent`.
   */
  hearOut?: boolean | undefined;
  /** Statuses besides 2xx that the caller deals with. */
  accept?: readonly number[] | undefined;
  /** Milliseconds without a byte; 2 minutes unless told. */
  idleMs?: number | undefined;
  /** Without: a request that needs no token. */
  tokens?: TokenSource | undefined;
  signal?: AbortSignal | undefined;
}

export interface ApiAnswer extends WireAnswer {
  /** An earlier attempt may have succeeded already. */
  repeated: boolean;
}

export interface Requester {
  send(request: ApiRequest): Promise<ApiAnswer>;
  /** One attempt with an open body; repeats only while there is no answer at all. */
  open(request: ApiRequest): Promise<BodyAnswer>;
  /** Requests sent so far. */
  calls(): number;
  /** Milliseconds that the cloud's clock is ahead of this one's (Date header); null: not told. */
  clockOffset(): number | null;
}

export interface RequesterOptions {
  wire: Wire;
  secrets: SecretBox;
  pace: Pace;
  /** Gets a line for each request, and for each pause. No secrets. */
  log: (line: string) => void;
}

const usualIdleMs = 120_000;

function headerText(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** A Date header is whole seconds, cut off; the answer took its time to get here. */
function offsetOf(headers: IncomingHttpHeaders, tookMs: number): number | null {
  const there = Date.parse(headerText(headers, 'date') ?? '');
  return Number.isNaN(there) ? null : there + 500 - (Date.now() - tookMs / 2);
}

function requestIdOf(headers: IncomingHttpHeaders): string | undefined {
  return (
    headerText(headers, 'x-openstack-request-id') ?? headerText(headers, 'x-compute-request-id')
  );
}

/** The service was there but has not done it, or says so by a proxy. */
const passing = new Set([408, 429, 502, 503, 504]);
/** Passing ones after which it may be done all the same. */
const perhapsDone = new Set([500, 502, 504]);

interface Trouble {
  /** Another attempt may help. */
  passing: boolean;
  /** The service may have done it. */
  perhapsDone: boolean;
  words: string;
  pauseMs?: number | undefined;
  /** Answers 500: it is there, only not well. */
  faulty: boolean;
  error(failed: Failed): OzError;
}

const repeatOf = (request: ApiRequest) =>
  request.repeat ?? (request.method === 'POST' ? 'unsent' : 'always');

export function createRequester({ wire, secrets, pace, log }: RequesterOptions): Requester {
  let calls = 0;
  const reached = new Set<string>();
  let clockOffset: number | null = null;

  async function once<T extends { status: number; headers: IncomingHttpHeaders }>(
    request: ApiRequest,
    token: string | undefined,
    exchange: (wire: WireRequest) => Promise<T>,
  ): Promise<{ answer: T } | { failure: BrokenOff }> {
    const { method, url, service, signal } = request;
    const began = performance.now();
    const json = request.json === undefined ? undefined : JSON.stringify(request.json);
    const body = request.body ? await request.body.open() : json;
    const shown = secrets.mask(url.replace(/^https?:\/\/[^/]*/, ''));
    const ms = () => `${Math.round(performance.now() - began)} ms`;
    const makes = request.hearOut ?? repeatOf(request) === 'unsent';
    const hearing = signal && makes ? later(signal, pace.lastWordMs) : null;
    calls++;
    try {
      const answer = await exchange({
        method,
        url,
        body,
        headers: {
          accept: 'application/json',
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...(request.body?.size != null ? { 'content-length': String(request.body.size) } : {}),
          ...(token ? { 'x-auth-token': token } : {}),
          ...request.headers,
        },
        idleMs: request.idleMs ?? usualIdleMs,
        signal: hearing?.signal ?? signal,
      });
      reached.add(new URL(url).host);
      clockOffset = offsetOf(answer.headers, performance.now() - began) ?? clockOffset;
      const id = requestIdOf(answer.headers);
      log(`${service} ${method} ${shown} ${answer.status} ${ms()}${id ? ` ${id}` : ''}`);
      return { answer };
    } catch (error) {
      if (typeof body === 'object') body.destroy();
      if (signal?.aborted) throw signal.reason;
      if (error instanceof OzError) throw error;
      const failure = brokenOff(error);
      log(`${service} ${method} ${shown} - ${ms()} ${failure.words}`);
      return { failure };
    } finally {
      hearing?.clear();
    }
  }

  function troubleOfStatus(answer: WireAnswer): Trouble | null {
    const { status } = answer;
    if (status < 500 && !passing.has(status)) return null;
    return {
      passing: passing.has(status) || status === 500,
      perhapsDone: perhapsDone.has(status),
      words: `it answers ${status}`,
      pauseMs: askedPauseMs(answer.headers),
      faulty: status === 500,
      error: (failed) => refusal(failed, answer),
    };
  }

  function troubleOfConnection(url: string, failure: BrokenOff): Trouble {
    return {
      passing: !failure.lasting,
      perhapsDone: failure.sent,
      words: failure.words,
      faulty: false,
      error: (failed) => unreachable(failed, new URL(url).host, failure),
    };
  }

  function refusal(failed: Failed, answer: WireAnswer): OzError {
    const { status, headers } = answer;
    if (status >= 300 && status < 400) {
      return moved(failed, status, secrets.mask(headers.location ?? 'another address'));
    }
    const fault = readFault(secrets.mask(answer.text));
    return statusFailure(failed, answer.status, fault, requestIdOf(answer.headers));
  }

  /** Counts attempts and time, and waits between them; throws when it is enough. */
  function patience(request: ApiRequest) {
    const { host } = new URL(request.url);
    const known = reached.has(host);
    const began = performance.now();
    let attempts = 0;
    return async (trouble: Trouble, failed: Failed): Promise<void> => {
      attempts++;
      const limit = known || reached.has(host) ? pace.patienceMs : pace.firstContactMs;
      const spent = performance.now() - began;
      const asked = trouble.pauseMs;
      if (asked !== undefined && asked > pace.longestRetryAfterMs) throw trouble.error(failed);
      if (trouble.faulty && attempts >= pace.faultyAttempts) throw trouble.error(failed);
      if (spent >= limit && asked === undefined) throw trouble.error(failed);
      if (asked !== undefined && spent > pace.longestRetryAfterMs) throw trouble.error(failed);
      const own = pauseMs(attempts, pace);
      // "0" is asked, too, and would have us knock without end.
      const pause =
        asked === undefined ? Math.min(own, Math.max(limit - spent, 1)) : Math.max(asked, own);
      const next = `trying again in ${(pause / 1000).toFixed(1)} s`;
      log(`${request.service} at ${host}: ${trouble.words}; ${next}`);
      await delay(pause, request.signal);
    };
  }

  async function exchangeWithToken<T extends { status: number; headers: IncomingHttpHeaders }>(
    request: ApiRequest,
    exchange: (wire: WireRequest) => Promise<T>,
    discard: (answer: T) => void,
  ) {
    const { tokens, signal } = request;
    if (!tokens) return once(request, undefined, exchange);
    const token = await tokens.token(signal);
    const first = await once(request, token, exchange);
    if (!('answer' in first) || first.answer.status !== 401) return first;
    if (request.body && request.repeat === 'never') return first;
    discard(first.answer);
    return once(request, await tokens.renew(token, signal), exchange);
  }

  async function send(request: ApiRequest): Promise<ApiAnswer> {
    const repeat = repeatOf(request);
    const wait = patience(request);
    let repeated = false;
    for (;;) {
      request.signal?.throwIfAborted();
      const result = await exchangeWithToken(request, wire.send, () => {});
      const failed = { service: request.service, doing: request.doing, repeated };
      if ('answer' in result) {
        const { answer } = result;
        const fine = answer.status >= 200 && answer.status < 300;
        if (fine || request.accept?.includes(answer.status)) return { ...answer, repeated };
      }
      const trouble =
        'answer' in result
          ? troubleOfStatus(result.answer)
          : troubleOfConnection(request.url, result.failure);
      if (!trouble) throw refusal(failed, (result as { answer: WireAnswer }).answer);
      if (!trouble.passing || repeat === 'never') throw trouble.error(failed);
      if (trouble.perhapsDone && repeat === 'unsent') {
        throw unsure(failed, `${request.service}: ${trouble.words}`, trouble.error(failed));
      }
      repeated ||= trouble.perhapsDone;
      await wait(trouble, failed);
    }
  }

  async function open(request: ApiRequest): Promise<BodyAnswer> {
    const wait = patience(request);
    for (;;) {
      request.signal?.throwIfAborted();
      const result = await exchangeWithToken(request, wire.open, (answer) => answer.body.destroy());
      const failed = { service: request.service, doing: request.doing };
      if ('failure' in result) {
        const trouble = troubleOfConnection(request.url, result.failure);
        if (!trouble.passing) throw trouble.error(failed);
        await wait(trouble, failed);
        continue;
      }
      const { answer } = result;
      const fine = answer.status >= 200 && answer.status < 300;
      if (fine || request.accept?.includes(answer.status)) return answer;
      const told = { ...answer, text: await firstOf(answer.body) };
      const trouble = troubleOfStatus(told);
      if (!trouble?.passing) throw refusal(failed, told);
      await wait(trouble, failed);
    }
  }

  return { send, open, calls: () => calls, clockOffset: () => clockOffset };
}

/** The begin of a body: enough for a fault. */
async function firstOf(body: WireBody): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const batch of body) {
      const piece = Buffer.concat(batch);
      pieces.push(piece);
      size += piece.length;
      if (size > 16_384) break;
    }
  } catch {
    // what came tells enough
  } finally {
    body.destroy();
  }
  return Buffer.concat(pieces).toString('utf8');
}
