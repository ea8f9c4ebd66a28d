import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type CredentialSources,
  readCredentials,
} from '../../../../backends/openstack/auth/credentials.ts';
import { identityRequest, scopeRequest } from '../../../../backends/openstack/auth/token.ts';
import { testDir } from '../../../media/support.ts';

const clouds = `
clouds:
  dev:
    auth: &auth
      auth_url: https://dev.example:5000/v3
      username: ann
      project_name: web
      user_domain_name: Default
      project_domain_id: default
    region_name: north
    verify: false
    image_endpoint_override: https://images.example/
  two:
    profile: big-vendor
    auth: { username: bob, password: from-two, project-id: 00412345678901234567890123456789 }
    regions: [east, { name: west, values: { interface: internal } }]
  own:
    profile: nobody-knows-it
    auth: { auth_url: "https://own.example", username: eve, password: from-own, project_name: web, project_id: null }
    verify: /etc/ssl/own.pem
    region_name: ~
  cred:
    auth_type: v3applicationcredential
    auth: { auth_url: "https://dev.example", application_credential_id: abc, application_credential_secret: shh-cred }
`;
const secure = 'clouds:\n  dev:\n    auth: { password: from-secure }\n';
const vendors = `
public-clouds:
  big-vendor:
    auth: { auth_url: https://vendor.example/identity, user_domain_id: vdom }
    cacert: ca.pem
`;

function sources(extra: CredentialSources = {}, files: Record<string, string> = {}) {
  const home = testDir();
  const cwd = path.join(home, 'work');
  const config = path.join(home, '.config', 'openstack');
  mkdirSync(config, { recursive: true });
  mkdirSync(cwd);
  const all: Record<string, string> = {
    '.config/openstack/clouds.yaml': clouds,
    '.config/openstack/secure.yaml': secure,
    '.config/openstack/clouds-public.yaml': vendors,
    ...files,
  };
  for (const [name, text] of Object.entries(all)) writeFileSync(path.join(home, name), text);
  return { home, cwd, env: {}, ...extra };
}

const codeOfThrown = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'no error';
};

describe('readCredentials() from clouds.yaml', () => {
  test('merges the cloud with its secrets', () => {
    const found = readCredentials(sources({ env: { OS_CLOUD: 'dev' } }));
    expect(found).toMatchObject({
      name: 'dev',
      authUrl: 'https://dev.example:5000/v3',
      region: 'north',
      interface: 'public',
      tls: { insecure: true, cacert: null },
      endpoints: { image: 'https://images.example' },
    });
    expect(identityRequest(found.identity)).toEqual({
      methods: ['password'],
      password: { user: { name: 'ann', domain: { name: 'Default' }, password: 'from-secure' } },
    });
    expect(scopeRequest(found.scope)).toEqual({
      scope: { project: { name: 'web', domain: { id: 'default' } } },
    });
  });

  test('puts the region into the address of Keystone', () => {
    const vendor = `public-clouds:
  big-vendor:
    auth: { auth_url: "https://{region_name}.vendor.example/identity" }
`;
    const around = sources({}, { '.config/openstack/clouds-public.yaml': vendor });
    const of = (env: Record<string, string>) => readCredentials({ ...around, env }).authUrl;
    expect(of({ OS_CLOUD: 'two', OS_REGION_NAME: 'west' })).toBe(
      'https://west.vendor.example/identity',
    );
    const placeless = { OS_AUTH_URL: 'https://{region_name}.vendor.example', OS_TOKEN: 'abc' };
    expect(codeOfThrown(() => of(placeless))).toBe('OZ_CLOUD_CONFIG');
  });

  test("lays the cloud over its vendor's profile, and takes the first region", () => {
    const around = sources({ env: { OS_CLOUD: 'two' } });
    const found = readCredentials(around);
    expect(found.authUrl).toBe('https://vendor.example/identity');
    expect(found.region).toBe('east');
    expect(found.tls.cacert).toBe(path.join(around.cwd, 'ca.pem'));
    expect(scopeRequest(found.scope)).toEqual({
      scope: { project: { id: '00412345678901234567890123456789' } },
    });
    expect(identityRequest(found.identity)).toMatchObject({
      password: { user: { name: 'bob', domain: { id: 'vdom' } } },
    });
  });

  test('reads null as nothing, a path in verify as an authority, and misses no profile', () => {
    const found = readCredentials(sources({ env: { OS_CLOUD: 'own' } }));
    expect(found).toMatchObject({
      authUrl: 'https://own.example',
      region: null,
      tls: { insecure: false, cacert: '/etc/ssl/own.pem' },
    });
    expect(scopeRequest(found.scope)).toMatchObject({ scope: { project: { name: 'web' } } });
  });

  test('chooses the region by OS_REGION_NAME, with its own values', () => {
    const env = { OS_CLOUD: 'two', OS_REGION_NAME: 'west' };
    expect(readCredentials(sources({ env }))).toMatchObject({
      region: 'west',
      interface: 'internal',
    });
  });

  test.each([
    ['of clouds-public.yaml', 'big-vendor', 'https://vendor.example/identity', undefined],
    ['that everybody knows', 'elastx', 'https://ops.elastx.cloud:5000/v3', 'se-sto'],
    ['whose list of regions is old', 'citycloud', 'https://new9.citycloud.com:5000/v3', 'new9'],
  ])('takes the profile %s for a cloud of the same name', (_, name, authUrl, region) => {
    const own = name === 'citycloud' ? 'region_name: new9' : 'verify: true';
    const around = sources(
      { env: { OS_CLOUD: name } },
      {
        'work/clouds.yaml': `clouds: { ${name}: { profile: ${name}, auth: { username: u, password: pppp }, ${own} } }`,
      },
    );
    expect(readCredentials(around)).toMatchObject({ authUrl, region: region ?? null });
  });

  test.each([
    ['own', [/^the profile nobody-knows-it of the cloud own is not known: it is left out$/]],
    ['dev', [/^the cloud dev of .*clouds\.yaml says not to check certificates/]],
    ['two', []],
  ])('warns of what is odd with the cloud %s', (OS_CLOUD, expected) => {
    const { warnings } = readCredentials(sources({ env: { OS_CLOUD } }));
    expect(warnings).toEqual(expected.map((text) => expect.stringMatching(text)));
  });

  test('misses a profile that nobody knows', () => {
    const files = {
      'work/clouds.yaml': 'clouds: { a: { profile: nobody, auth: { token: tttt } } }',
    };
    expect(codeOfThrown(() => readCredentials(sources({}, files)))).toBe('OZ_CLOUD_CONFIG');
  });

  test.each([
    ['', 'it has none: they are below "clouds:"'],
    ['clouds: { b: }', 'it has b'],
  ])('says what clouds.yaml has: %s', (text, hint) => {
    const around = sources({ env: { OS_CLOUD: 'wanted' } }, { 'work/clouds.yaml': text });
    const secure = path.join(around.home, '.config/openstack/secure.yaml');
    writeFileSync(secure, '');
    expect(() => readCredentials(around)).toThrow(expect.objectContaining({ hint }));
  });

  test('takes a list of regions in the older place, and an address with a space behind it', () => {
    const files = {
      'work/clouds.yaml':
        'clouds: { a: { auth: { auth_url: "http://k/v3/ ", token: tttt }, region_name: [x, y] } }',
    };
    const of = (env: Record<string, string>) => readCredentials(sources({ env }, files));
    expect(of({})).toMatchObject({ authUrl: 'http://k/v3', region: 'x' });
    expect(of({ OS_REGION_NAME: 'y' }).region).toBe('y');
    expect(codeOfThrown(() => of({ OS_REGION_NAME: 'z' }))).toBe('OZ_CLOUD_CONFIG');
  });

  test('takes the last of two equal keys', () => {
    const files = {
      'work/clouds.yaml':
        'clouds:\n  a:\n    auth: { auth_url: "http://k/v3", token: tttt }\n    region_name: x\n    region_name: y\n',
    };
    expect(readCredentials(sources({}, files)).region).toBe('y');
  });

  test('takes OS_REGION_NAME for the only cloud, too', () => {
    const files = {
      'work/clouds.yaml':
        'clouds: { a: { auth: { auth_url: "http://k/v3", token: tttt }, volume_endpoint_override: "http://{region_name}/v3" } }',
    };
    const found = readCredentials(sources({ env: { OS_REGION_NAME: 'west' } }, files));
    expect(found).toMatchObject({ region: 'west', endpoints: { volume: 'http://west/v3' } });
  });

  test('prefers the working directory, and OS_CLIENT_CONFIG_FILE to that', () => {
    const files = {
      'work/clouds.yaml':
        'clouds: { here: { auth: { auth_url: "http://h:5000/v3", username: u, password: pppp } } }',
      'named.json':
        '{"clouds": {"named": {"auth": {"auth_url": "http://n/v3", "username": "u", "password": "pppp"}}}}',
    };
    const around = sources({}, files);
    expect(readCredentials(around).name).toBe('here');
    const env = { OS_CLIENT_CONFIG_FILE: path.join(around.home, 'named.json') };
    expect(readCredentials({ ...around, env }).name).toBe('named');
  });

  test('an application credential has no scope', () => {
    const found = readCredentials(sources({ env: { OS_CLOUD: 'cred' } }));
    expect(found.scope).toBeNull();
    expect(identityRequest(found.identity)).toEqual({
      methods: ['application_credential'],
      application_credential: { id: 'abc', secret: 'shh-cred' },
    });
  });

  test('refuses what it does not know, without telling secrets', () => {
    expect(() => readCredentials(sources({ env: { OS_CLOUD: 'dve' } }))).toThrow(
      expect.objectContaining({ code: 'OZ_CLOUD_CONFIG', hint: 'did you mean dev?' }),
    );
    const broken = { 'work/clouds.yaml': 'clouds:\n  a:\n   password: "hush\n  b' };
    expect(() => readCredentials(sources({}, broken))).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hush') }),
    );
    expect(() => readCredentials(sources())).toThrow(/there are several/);
  });
});

describe('readCredentials() from OS_* and oz.cfg', () => {
  const openrc = {
    OS_AUTH_URL: 'http://10.0.0.1/identity',
    OS_USERNAME: 'ann',
    OS_PASSWORD: 'env-pass',
    OS_TENANT_NAME: 'web',
    OS_USER_DOMAIN_ID: 'udom',
    OS_PROJECT_DOMAIN_ID: 'pdom',
    OS_ENDPOINT_TYPE: 'internalURL',
    OS_IDENTITY_API_VERSION: '3',
    OS_INSECURE: 'true',
  };

  test('reads an openrc', () => {
    const found = readCredentials(sources({ env: openrc }));
    expect(found).toMatchObject({ name: '10.0.0.1', interface: 'internal' });
    expect(found.tls.insecure).toBe(true);
    expect(found.source).toBe('the OS_* variables');
    expect(scopeRequest(found.scope)).toEqual({
      scope: { project: { name: 'web', domain: { id: 'pdom' } } },
    });
  });

  test.each([[['OS_TENANT_NAME', 'OS_PROJECT_NAME']], [['OS_PROJECT_NAME', 'OS_TENANT_NAME']]])(
    'prefers the newer of two names, in the order %s',
    (order) => {
      const values: Record<string, string> = { OS_TENANT_NAME: 'old', OS_PROJECT_NAME: 'new' };
      const { OS_TENANT_NAME: _, ...rest } = openrc;
      const env = { ...rest, ...Object.fromEntries(order.map((key) => [key, values[key]])) };
      expect(readCredentials(sources({ env })).scope).toMatchObject({ project: { name: 'new' } });
    },
  );

  test('oz.cfg overrides key by key, in whichever form', () => {
    const settings = { project_id: 'p1', token: 'tok-from-cfg', flavor: 'm1.small' };
    const found = readCredentials(sources({ env: openrc, settings }));
    expect(found.scope).toEqual({ project: { id: 'p1' }, domain: null });
    expect(found.identity).toEqual({ kind: 'token', token: 'tok-from-cfg' });
  });

  test('auth_url in oz.cfg stands alone, only a secret may come from outside', () => {
    const settings = { auth_url: 'https://own.example/v3', username: 'eve', project_name: 'x' };
    const env = { ...openrc, OS_CLOUD: 'dev' };
    const found = readCredentials(sources({ env, settings }));
    expect(found.authUrl).toBe('https://own.example/v3');
    expect(found.identity).toMatchObject({ user: { name: 'eve' }, password: 'env-pass' });
    expect(found.scope).toEqual({ project: { name: 'x' }, domain: { id: 'default' } });
  });

  test('a cloud named in oz.cfg wins over OS_CLOUD', () => {
    const around = sources({ env: { OS_CLOUD: 'dev' }, settings: { cloud: 'two' } });
    expect(readCredentials(around).name).toBe('two');
  });

  test('application credential by name needs its user', () => {
    const env = {
      OS_AUTH_URL: 'http://k/v3',
      OS_APPLICATION_CREDENTIAL_NAME: 'ci',
      OS_APPLICATION_CREDENTIAL_SECRET: 'cred-secret',
      OS_USERNAME: 'ann',
      OS_USER_DOMAIN_NAME: 'Default',
    };
    expect(identityRequest(readCredentials(sources({ env })).identity)).toEqual({
      methods: ['application_credential'],
      application_credential: {
        name: 'ci',
        secret: 'cred-secret',
        user: { name: 'ann', domain: { name: 'Default' } },
      },
    });
  });

  test('application credential by name in oz.cfg is of the user of the cloud', () => {
    const settings = { application_credential_name: 'ci', application_credential_secret: 'shhh' };
    const found = readCredentials(sources({ env: { OS_CLOUD: 'dev' }, settings }));
    expect(found.identity).toMatchObject({
      kind: 'application-credential',
      named: { name: 'ci', user: { name: 'ann' }, domain: { name: 'Default' } },
    });
  });

  test.each([
    ['nothing at all', {}, 'OZ_CLOUD_CONFIG'],
    ['no password', { OS_AUTH_URL: 'http://k/v3', OS_USERNAME: 'a' }, 'OZ_CLOUD_AUTH'],
    ['no user', { OS_AUTH_URL: 'http://k/v3', OS_PASSWORD: 'abcd' }, 'OZ_CLOUD_AUTH'],
    ['version 2', { ...openrc, OS_IDENTITY_API_VERSION: '2.0' }, 'OZ_CLOUD_VERSION'],
    ['Kerberos', { ...openrc, OS_AUTH_TYPE: 'v3kerberos' }, 'OZ_CLOUD_AUTH'],
    [
      'the whole system',
      { ...openrc, OS_TENANT_NAME: '', OS_SYSTEM_SCOPE: 'all' },
      'OZ_CLOUD_AUTH',
    ],
    ['no URL', { ...openrc, OS_AUTH_URL: 'cloud' }, 'OZ_CLOUD_CONFIG'],
    ['password in the URL', { ...openrc, OS_AUTH_URL: 'http://a:b@k/v3' }, 'OZ_CLOUD_CONFIG'],
    ['interface', { ...openrc, OS_INTERFACE: 'inside' }, 'OZ_CLOUD_CONFIG'],
  ])('refuses: %s', (_, env, code) => {
    const home = testDir();
    expect(codeOfThrown(() => readCredentials({ env, home, cwd: home }))).toBe(code);
  });

  test('are not shown when printed', () => {
    const found = readCredentials(sources({ env: openrc }));
    expect(JSON.stringify(found)).not.toContain('env-pass');
  });
});
