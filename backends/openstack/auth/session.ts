/** A signed-in user: gives tokens to requests and renews them before they expire. */
import { codeOf, OzError } from '../../../src/base/errors.ts';
import type { Requester, TokenSource } from '../http/requester.ts';
import type { SecretBox } from '../http/secret-box.ts';
import type { Credentials } from './credentials.ts';
import { secretsOf } from './identity.ts';
import { findKeystone, requestToken, type Token, type TokenBody } from './token.ts';

export interface Session extends TokenSource {
  readonly keystone: string;
  /** Of the newest token. */
  described(): TokenBody & { project: { id: string; name?: string } };
}

export interface SessionOptions {
  requester: Requester;
  secrets: SecretBox;
  log: (line: string) => void;
  signal?: AbortSignal | undefined;
  /** Milliseconds since 1970; Date.now unless told. */
  now?: (() => number) | undefined;
}

/** Renewed so long before its end, so that what begins with it also ends with it. */
const longestMarginMs = 10 * 60_000;

/** Until the next try, where Keystone was not there. */
const againMs = 60_000;

/**
 * By this machine's clock, which need not be the cloud's. A token that was given to us can't be
 * had anew: it is used until a service refuses it.
 */
function renewAt({ id, body }: Token, { identity }: Credentials, now: number): number {
  const { expires_at, issued_at } = body;
  if (!expires_at || (identity.kind === 'token' && identity.token === id)) {
    return Number.POSITIVE_INFINITY;
  }
  const life = Date.parse(expires_at) - (issued_at ? Date.parse(issued_at) : now);
  return now + life - Math.min(longestMarginMs, life / 4);
}

async function listProjects(
  requester: Requester,
  keystone: string,
  token: string,
  signal?: AbortSignal,
): Promise<string[]> {
  try {
    const answer = await requester.send({
      service: 'Keystone',
      doing: 'list your projects',
      method: 'GET',
      url: `${keystone}/auth/projects`,
      headers: { 'x-auth-token': token },
      signal,
    });
    const { projects = [] } = JSON.parse(answer.text) as { projects?: { name: string }[] };
    return projects.map((project) => project.name);
  } catch {
    signal?.throwIfAborted();
    return []; // only for a better hint
  }
}

/** Signs in; throws `OZ_CLOUD_AUTH` also when the token is for no project. */
export async function openSession(
  credentials: Credentials,
  { requester, secrets, log, signal, now = Date.now }: SessionOptions,
): Promise<Session> {
  for (const secret of secretsOf(credentials.identity)) secrets.add(secret);
  const context = { credentials, requester, secrets };
  const keystone = credentials.endpoints.identity
    ? await findKeystone(
        { ...context, credentials: { ...credentials, authUrl: credentials.endpoints.identity } },
        signal,
      )
    : await findKeystone(context, signal);

  async function signIn(stop?: AbortSignal): Promise<Token> {
    const token = await requestToken(context, keystone, stop);
    const { project, user, expires_at } = token.body;
    log(
      `signed in as ${user.name ?? user.id}, project ${project?.name ?? project?.id ?? 'none'}, until ${expires_at ?? 'revoked'}`,
    );
    return token;
  }

  let token = await signIn(signal);
  if (!token.body.project) {
    const names = await listProjects(requester, keystone, token.id, signal);
    throw new OzError(
      'OZ_CLOUD_AUTH',
      `Cannot use the cloud ${credentials.name} with ${credentials.source}: no project is chosen`,
      {
        hint: names.length
          ? `set project_name to one of ${names.join(', ')}`
          : 'set project_name (and project_domain_name); this user seems to be in no project',
      },
    );
  }
  let renewTime = renewAt(token, credentials, now());
  let renewing: Promise<Token> | null = null;

  /** Several requests at once share one renewal, which no single caller's signal ends. */
  async function renewed(stop?: AbortSignal): Promise<string> {
    renewing ??= signIn().finally(() => {
      renewing = null;
    });
    const fresh = await (stop ? Promise.race([renewing, aborted(stop)]) : renewing);
    token = fresh;
    renewTime = renewAt(fresh, credentials, now());
    return fresh.id;
  }

  return {
    keystone,
    described: () => token.body as ReturnType<Session['described']>,
    async token(stop) {
      if (now() < renewTime) return token.id;
      try {
        return await renewed(stop);
      } catch (error) {
        if (codeOf(error) !== 'OZ_CLOUD_UNREACHABLE') throw error;
        renewTime = now() + againMs; // the old one is good for a while yet
        return token.id;
      }
    },
    async renew(stale, stop) {
      return token.id === stale ? renewed(stop) : token.id;
    },
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
