/** Who you are and where the cloud is, put together from oz.cfg, clouds.yaml and OS_*. */
import path from 'node:path';
import { OzError } from '../../../src/base/errors.ts';
import { homeOf } from '../../../src/base/home.ts';
import { withoutTrailing } from '../../../src/base/text-ends.ts';
import { cloudEntry } from './cloud-entry.ts';
import { type CloudsFiles, readCloudsFiles, type Surroundings } from './clouds-files.ts';
import { environmentSettings } from './environment.ts';
import { type Identity, identityOf, type Scope, scopeOf } from './identity.ts';
import { isYes, overlay, putSetting, type Settings, secretNames } from './settings.ts';

export type EndpointInterface = 'public' | 'internal' | 'admin';

/** Services with an endpoint of their own. */
const serviceNames = ['identity', 'image', 'compute', 'volume', 'network'] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface Credentials {
  /** The cloud's name, else the host of Keystone. */
  readonly name: string;
  /** Where they come from, for messages: `the cloud dev of /etc/openstack/clouds.yaml`. */
  readonly source: string;
  readonly authUrl: string;
  /** Null: the region of the catalogue, if there is but one. */
  readonly region: string | null;
  readonly interface: EndpointInterface;
  readonly tls: {
    readonly insecure: boolean;
    /** Files. */
    readonly cacert: string | null;
    readonly cert: string | null;
    readonly key: string | null;
  };
  /** Endpoints to use instead of the catalogue's. */
  readonly endpoints: Readonly<Partial<Record<ServiceName, string>>>;
  /** Not enumerable: it holds secrets. */
  readonly identity: Identity;
  /** Null: the scope that comes with the identity. */
  readonly scope: Scope | null;
  /** What is odd where they come from. */
  readonly warnings: readonly string[];
}

export interface CredentialSources extends Partial<Surroundings> {
  /** The [openstack] section of oz.cfg, as texts by key. */
  settings?: Readonly<Record<string, string>> | undefined;
}

/** Keys of [openstack] that say where and who; all others are the build's. */
const ownKeys = new Set([
  'auth_url',
  'auth_type',
  'username',
  'user_id',
  'password',
  'token',
  'application_credential_id',
  'application_credential_name',
  'application_credential_secret',
  'project_name',
  'project_id',
  'user_domain_name',
  'user_domain_id',
  'project_domain_name',
  'project_domain_id',
  'region_name',
  'interface',
  'cacert',
  'cert',
  'key',
  'insecure',
]);

function fromOzCfg(section: Readonly<Record<string, string>>): Settings {
  const settings: Settings = {};
  for (const [key, value] of Object.entries(section)) {
    if (ownKeys.has(key) || key.endsWith('_endpoint_override')) putSetting(settings, key, value);
  }
  return settings;
}

interface Found {
  settings: Settings;
  name: string | null;
  source: string;
  warnings?: readonly string[];
}

function nothingFound(): OzError {
  return new OzError('OZ_CLOUD_CONFIG', 'Cannot tell which OpenStack cloud to use', {
    hint: 'set OS_CLOUD to a cloud of clouds.yaml, load an openrc file, or set cloud or auth_url in the [openstack] section of oz.cfg',
  });
}

/**
 * From strong to weak: the keys of [openstack]; the cloud named there or by
 * OS_CLOUD (an auth_url in oz.cfg stands for a cloud of its own); else the OS_*
 * variables; else the only cloud of clouds.yaml. A cloud that has no secret
 * takes the one in OS_PASSWORD and its like.
 */
function gather(section: Readonly<Record<string, string>>, around: Surroundings): Found {
  const { env } = around;
  const own = fromOzCfg(section);
  const ours = 'the [openstack] section of oz.cfg';
  const { settings: variables, describesCloud } = environmentSettings(env);
  const named = section.cloud || (own.auth_url ? '' : env.OS_CLOUD || '');
  const completed = (settings: Settings): Settings => {
    if (secretNames.some((name) => settings[name])) return settings;
    const wanted =
      settings.application_credential_id || settings.application_credential_name
        ? (['application_credential_secret'] as const)
        : (['password', 'token'] as const);
    const secret = wanted.find((name) => variables[name]);
    return secret ? { ...settings, [secret]: variables[secret] ?? '' } : settings;
  };
  const ofCloud = (name: string, files: CloudsFiles): Found => ({
    settings: completed(
      overlay(cloudEntry(name, files, own.region_name ?? variables.region_name), own),
    ),
    name,
    source: `the cloud ${name} of ${files.file}`,
    warnings: files.warnings,
  });
  if (named) return ofCloud(named, readCloudsFiles(around));
  if (own.auth_url) return { settings: completed(own), name: null, source: ours };
  if (describesCloud) {
    return {
      settings: overlay(variables, own),
      name: env.OS_CLOUD_NAME || null,
      source: 'the OS_* variables',
    };
  }
  const files = readCloudsFiles(around);
  const { names } = files;
  const only = names.length === 1 ? names[0] : undefined;
  if (only) return ofCloud(only, files);
  if (names.length > 1) {
    throw new OzError(
      'OZ_CLOUD_CONFIG',
      `Cannot tell which cloud of ${files.file} to use: there are several`,
      { hint: `set OS_CLOUD, or cloud in [openstack] of oz.cfg, to one of ${names.join(', ')}` },
    );
  }
  throw nothingFound();
}

/** Vendors' profiles and clouds.yaml may have the region in the address of Keystone, and others. */
function withRegion(url: string, key: string, region: string | undefined): string {
  const placeholder = '{region_name}';
  if (!url.includes(placeholder)) return url;
  if (region) return url.replaceAll(placeholder, region);
  throw new OzError(
    'OZ_CLOUD_CONFIG',
    `Cannot tell the address of the cloud: ${key} depends on the region`,
    {
      hint: 'set region_name in clouds.yaml, OS_REGION_NAME, or region_name in [openstack] of oz.cfg',
    },
  );
}

function parseUrl(text: string, what: string, source: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new OzError('OZ_CLOUD_CONFIG', `Cannot use the ${what} of ${source}: it is no URL`, {
      hint: 'it looks like https://cloud.example.com:5000/v3',
    });
  }
  if (url.username || url.password) {
    throw new OzError(
      'OZ_CLOUD_CONFIG',
      `Cannot use the ${what} of ${source}: it has a user name or password in it`,
      { hint: 'use username and password instead' },
    );
  }
  return withoutTrailing(text.trim(), '/');
}

function interfaceOf(text: string | undefined, source: string): EndpointInterface {
  const name = (text ?? 'public').replace(/URL$/, '').toLowerCase();
  if (name === 'public' || name === 'internal' || name === 'admin') return name;
  throw new OzError('OZ_CLOUD_CONFIG', `Cannot use the interface ${text} of ${source}`, {
    hint: 'it is public, internal or admin',
  });
}

/** Names that services go by in `<name>_endpoint_override`. */
const overrideNames: Record<ServiceName, readonly string[]> = {
  identity: ['identity', 'keystone'],
  image: ['image', 'glance'],
  compute: ['compute', 'nova'],
  volume: ['block_storage', 'volumev3', 'volume', 'block_store', 'cinder'],
  network: ['network', 'neutron'],
};

function endpointsOf(settings: Settings, source: string): Credentials['endpoints'] {
  const endpoints: Partial<Record<ServiceName, string>> = {};
  for (const service of serviceNames) {
    for (const name of overrideNames[service]) {
      const key = `${name}_endpoint_override`;
      const text = settings[key];
      if (!text) continue;
      endpoints[service] ??= parseUrl(withRegion(text, key, settings.region_name), key, source);
    }
  }
  return endpoints;
}

/** Paths are relative to the working directory, as OpenStack's tools take them. */
function fileOf(text: string | undefined, { cwd, home }: Surroundings): string | null {
  if (!text) return null;
  return path.resolve(cwd, text.replace(/^~(?=\/|$)/, home));
}

/**
 * Reads credentials; throws `OZ_CLOUD_CONFIG` when they can't be understood,
 * `OZ_CLOUD_AUTH` when something is missing, `OZ_CLOUD_VERSION` for Keystone's
 * version 2. Touches files and variables, not the network.
 */
export function readCredentials(sources: CredentialSources = {}): Credentials {
  const env = sources.env ?? process.env;
  const around: Surroundings = {
    env,
    cwd: sources.cwd ?? process.cwd(),
    home: sources.home ?? homeOf(env),
  };
  const { settings, name, source, warnings = [] } = gather(sources.settings ?? {}, around);
  if (!settings.auth_url) {
    throw new OzError('OZ_CLOUD_CONFIG', `Cannot find auth_url in ${source}`, {
      hint: 'it is the URL of Keystone, such as https://cloud.example.com:5000/v3',
    });
  }
  const { auth_url, region_name } = settings;
  const authUrl = parseUrl(withRegion(auth_url, 'auth_url', region_name), 'auth_url', source);
  if (/^v?2(\.0)?$/.test(settings.identity_api_version ?? '')) throw versionTwo(authUrl);
  const credentials = {
    name: name ?? new URL(authUrl).hostname,
    source,
    authUrl,
    region: settings.region_name ?? null,
    interface: interfaceOf(settings.interface, source),
    tls: {
      insecure: isYes(settings.insecure),
      cacert: fileOf(settings.cacert, around),
      cert: fileOf(settings.cert, around),
      key: fileOf(settings.key, around),
    },
    endpoints: endpointsOf(settings, source),
    warnings: isYes(settings.insecure)
      ? [
          ...warnings,
          `${source} says not to check certificates: anyone between can read the password`,
        ]
      : warnings,
  };
  const identity = identityOf(settings, source);
  return Object.defineProperties(credentials, {
    identity: { value: identity, enumerable: false },
    scope: { value: scopeOf(settings, identity, source), enumerable: true },
  }) as Credentials;
}

/** Keystone's version 2 is gone since 2018, and has no domains. */
export function versionTwo(authUrl: string): OzError {
  return new OzError(
    'OZ_CLOUD_VERSION',
    `Cannot sign in at ${authUrl}: only version 3 of the identity API is supported, this is 2`,
    { hint: 'use the URL that ends in /v3 (and OS_IDENTITY_API_VERSION=3)' },
  );
}
