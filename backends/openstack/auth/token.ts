/** Keystone's version 3: where it is, and the token it gives. */
import { OzError } from '../../../src/base/errors.ts';
import { faultDetails } from '../http/failures.ts';
import type { Requester } from '../http/requester.ts';
import type { SecretBox } from '../http/secret-box.ts';
import { type Credentials, versionTwo } from './credentials.ts';
import type { Identity, NameOrId, Scope, UserRef } from './identity.ts';

export interface CatalogueEndpoint {
  interface: string;
  region?: string | null;
  region_id?: string | null;
  url: string;
}

export interface CatalogueService {
  type: string;
  name?: string;
  endpoints: CatalogueEndpoint[];
}

/** Keystone's description of a token, as far as it matters here. */
export interface TokenBody {
  expires_at: string | null;
  issued_at?: string;
  user: { id: string; name?: string };
  project?: { id: string; name?: string };
  roles?: { name: string }[];
  catalog?: CatalogueService[];
}

export interface Token {
  /** Secret. */
  id: string;
  body: TokenBody;
}

export interface TokenContext {
  credentials: Credentials;
  requester: Requester;
  secrets: SecretBox;
}

interface VersionLinks {
  versions?: { values?: { id?: string }[] };
  version?: { id?: string };
}

function versionIds(text: string): string[] {
  try {
    const body = JSON.parse(text) as VersionLinks;
    const all = [...(body.versions?.values ?? []), ...(body.version ? [body.version] : [])];
    return all.map((version) => version.id ?? '');
  } catch {
    return [];
  }
}

const versioned = /^(.*)\/v(\d+)(?:\.\d+)?$/;

/**
 * The base URL of version 3, without a slash at its end. Keystone's own links
 * are not followed: behind a proxy they often name a host that is not reachable.
 */
export async function findKeystone(
  { credentials, requester }: TokenContext,
  signal?: AbortSignal,
): Promise<string> {
  const { authUrl } = credentials;
  const [, root = authUrl, version] = versioned.exec(authUrl) ?? [];
  if (version === '3') return authUrl;
  if (version) throw versionTwo(authUrl);
  const answer = await requester.send({
    service: 'Keystone',
    doing: `sign in at ${authUrl}`,
    method: 'GET',
    url: `${root}/`,
    accept: [300, 301, 302, 401, 403, 404],
    signal,
  });
  const ids = versionIds(answer.text);
  if (ids.length > 0 && !ids.some((id) => id.startsWith('v3'))) throw versionTwo(authUrl);
  return `${root}/v3`;
}

function domainPart(domain: NameOrId | null) {
  return domain ? { domain } : {};
}

const userPart = ({ user, domain }: UserRef) => ({ ...user, ...domainPart(domain) });

/** The `identity` of a token request. Holds secrets. */
export function identityRequest(identity: Identity): Record<string, unknown> {
  switch (identity.kind) {
    case 'password':
      return {
        methods: ['password'],
        password: { user: { ...userPart(identity), password: identity.password } },
      };
    case 'token':
      return { methods: ['token'], token: { id: identity.token } };
    case 'application-credential':
      return {
        methods: ['application_credential'],
        application_credential: {
          ...(identity.id ? { id: identity.id } : {}),
          ...(identity.named ? { name: identity.named.name, user: userPart(identity.named) } : {}),
          secret: identity.secret,
        },
      };
  }
}

export function scopeRequest(scope: Scope | null): Record<string, unknown> {
  return scope ? { scope: { project: { ...scope.project, ...domainPart(scope.domain) } } } : {};
}

const notAccepted: Record<Identity['kind'], string> = {
  password: 'the user name, the password or a domain is not right',
  token: 'the token is expired or not valid',
  'application-credential': 'the application credential is expired, revoked or not right',
};

const acceptHints: Record<Identity['kind'], string> = {
  password: 'check the user, its domain and the password; the project must be one the user is in',
  token: 'get a new token, or use a password or an application credential',
  'application-credential': 'make a new one (openstack application credential create)',
};

function signInFailure(error: unknown, credentials: Credentials): unknown {
  const details = faultDetails(error);
  if (details?.status !== 401 && details?.status !== 404) return error;
  const { kind } = credentials.identity;
  if (details.status === 404) {
    return new OzError(
      'OZ_CLOUD_CONFIG',
      `Cannot sign in at ${credentials.authUrl}: there is no identity service at this address`,
      { hint: `correct auth_url in ${credentials.source}; it mostly ends in /v3` },
    );
  }
  // Keystone mostly says nothing but this; else it is worth telling: a lock, a password too old.
  const said = /requires authentication|^\W*$/i.test(details.message) ? '' : details.message;
  const words = said ? `Keystone says: ${said.replace(/\.$/, '')}` : notAccepted[kind];
  return new OzError(
    'OZ_CLOUD_AUTH',
    `Cannot sign in at ${credentials.authUrl} with ${credentials.source}: ${words}`,
    { hint: acceptHints[kind] },
  );
}

function parseToken(text: string, url: string): TokenBody {
  try {
    const body = (JSON.parse(text) as { token?: TokenBody }).token;
    if (body?.user?.id) return body;
  } catch {
    // told below
  }
  throw new OzError('OZ_CLOUD_CONFIG', `Cannot sign in at ${url}: the answer is not Keystone's`, {
    hint: 'correct auth_url; it mostly ends in /v3',
  });
}

async function describeToken(
  { requester, credentials }: TokenContext,
  keystone: string,
  id: string,
  signal?: AbortSignal,
): Promise<Token> {
  const answer = await requester.send({
    service: 'Keystone',
    doing: `sign in at ${credentials.authUrl}`,
    method: 'GET',
    url: `${keystone}/auth/tokens`,
    headers: { 'x-auth-token': id, 'x-subject-token': id },
    signal,
  });
  return { id, body: parseToken(answer.text, keystone) };
}

/** Whether a token that is already there has the scope that is wanted. */
function fits(body: TokenBody, scope: Scope): boolean {
  const { project } = scope;
  return 'id' in project ? body.project?.id === project.id : body.project?.name === project.name;
}

/**
 * Asks for a token. Throws `OZ_CLOUD_AUTH` where Keystone does not accept it.
 * A token as identity is used as it is when it already has the right scope.
 */
export async function requestToken(
  context: TokenContext,
  keystone: string,
  signal?: AbortSignal,
): Promise<Token> {
  const { credentials, requester, secrets } = context;
  const { identity, scope } = credentials;
  try {
    if (identity.kind === 'token') {
      const given = await describeToken(context, keystone, identity.token, signal);
      if (!scope || fits(given.body, scope)) return given;
    }
    const answer = await requester.send({
      service: 'Keystone',
      doing: `sign in at ${credentials.authUrl}`,
      method: 'POST',
      url: `${keystone}/auth/tokens`,
      json: { auth: { identity: identityRequest(identity), ...scopeRequest(scope) } },
      repeat: 'always',
      signal,
    });
    const id = answer.headers['x-subject-token'];
    const text = Array.isArray(id) ? id[0] : id;
    secrets.add(text);
    return { id: text ?? '', body: parseToken(answer.text, keystone) };
  } catch (error) {
    throw signInFailure(error, credentials);
  }
}
