/** What Keystone is told: who you are, and for which project. */
import { OzError } from '../../../src/base/errors.ts';
import type { Settings } from './settings.ts';

/** By id, or by name in a domain. */
export type NameOrId = { id: string } | { name: string };

export interface UserRef {
  user: NameOrId;
  /** Only where the user is named, not given by id. */
  domain: NameOrId | null;
}

export type Identity =
  | ({ kind: 'password'; password: string } & UserRef)
  | { kind: 'token'; token: string }
  | {
      kind: 'application-credential';
      secret: string;
      id: string | null;
      /** With the name of a credential, whose it is. */
      named: ({ name: string } & UserRef) | null;
    };

export interface Scope {
  project: NameOrId;
  domain: NameOrId | null;
}

/** Secrets that this identity holds. */
export function secretsOf(identity: Identity): string[] {
  switch (identity.kind) {
    case 'password':
      return [identity.password];
    case 'token':
      return [identity.token];
    case 'application-credential':
      return [identity.secret];
  }
}

/** `default` is the id of the domain that every Keystone is installed with. */
function domainOf(settings: Settings, role: 'user' | 'project'): NameOrId {
  for (const prefix of [role, '', 'default']) {
    const stem = prefix ? `${prefix}_domain` : 'domain';
    const id = settings[`${stem}_id`];
    const name = settings[`${stem}_name`];
    if (id) return { id };
    if (name) return { name };
  }
  return { id: 'default' };
}

function missing(what: string, source: string, hint: string): OzError {
  return new OzError('OZ_CLOUD_AUTH', `Cannot sign in with ${source}: no ${what} is given`, {
    hint,
  });
}

function userOf(settings: Settings, source: string): UserRef {
  if (settings.user_id) return { user: { id: settings.user_id }, domain: null };
  if (settings.username) {
    return { user: { name: settings.username }, domain: domainOf(settings, 'user') };
  }
  throw missing('user', source, 'set username (or user_id)');
}

type Kind = Identity['kind'];

const kinds: Record<string, Kind> = {
  password: 'password',
  v3password: 'password',
  token: 'token',
  v3token: 'token',
  v3applicationcredential: 'application-credential',
};

function kindOf(settings: Settings, source: string): Kind {
  const named = settings.auth_type;
  if (named) {
    const kind = kinds[named.toLowerCase()];
    if (kind) return kind;
    throw new OzError('OZ_CLOUD_AUTH', `Cannot sign in by ${named}, as ${source} wants`, {
      hint: 'make an application credential (openstack application credential create) and use that',
    });
  }
  if (settings.application_credential_id || settings.application_credential_name) {
    return 'application-credential';
  }
  return settings.token ? 'token' : 'password';
}

const readers: Record<Kind, (settings: Settings, source: string) => Identity> = {
  password: (settings, source) => {
    const user = userOf(settings, source);
    if (!settings.password) {
      throw missing('password', source, 'set password there (or in secure.yaml), or OS_PASSWORD');
    }
    return { kind: 'password', password: settings.password, ...user };
  },
  token: (settings, source) => {
    if (!settings.token) throw missing('token', source, 'set token there, or OS_TOKEN');
    return { kind: 'token', token: settings.token };
  },
  'application-credential': (settings, source) => {
    const secret = settings.application_credential_secret;
    if (!secret) {
      throw missing(
        'application credential secret',
        source,
        'set application_credential_secret; it is shown only once, when the credential is made',
      );
    }
    const id = settings.application_credential_id;
    const name = settings.application_credential_name;
    if (id) return { kind: 'application-credential', secret, id, named: null };
    if (name) {
      const named = { name, ...userOf(settings, source) };
      return { kind: 'application-credential', secret, id: null, named };
    }
    throw missing('application credential', source, 'set application_credential_id');
  },
};

/** Throws `OZ_CLOUD_AUTH` where something is missing or not spoken. */
export function identityOf(settings: Settings, source: string): Identity {
  return readers[kindOf(settings, source)](settings, source);
}

/** What else a token may be for; a build is for a project. */
const otherScopes: Record<string, string> = {
  system_scope: 'the whole system',
  trust_id: 'a trust',
};

/**
 * An application credential has its project built in, and Keystone refuses another word on it.
 * Throws `OZ_CLOUD_AUTH` where there is to be no project.
 */
export function scopeOf(settings: Settings, identity: Identity, source: string): Scope | null {
  if (identity.kind === 'application-credential') return null;
  if (settings.project_id) return { project: { id: settings.project_id }, domain: null };
  if (settings.project_name) {
    return { project: { name: settings.project_name }, domain: domainOf(settings, 'project') };
  }
  const other = Object.keys(otherScopes).find((key) => settings[key]);
  if (!other) return null;
  throw new OzError(
    'OZ_CLOUD_AUTH',
    `Cannot use ${source}: its ${other} is for ${otherScopes[other]}, and a build is for a project`,
    { hint: `set project_name and project_domain_name instead of ${other}` },
  );
}
