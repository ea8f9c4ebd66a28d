import { describe, expect, test } from 'vitest';
import { openCloud } from '../../../../backends/openstack/services/open.ts';
import { fakePassword, fakeProject, fakeUser, quickPace } from '../../../fakes/fake-cloud.ts';
import { failureOf, fakeCloud, opened } from '../services/open.ts';

describe('openCloud()', () => {
  test('tells who and where', async () => {
    const { cloud } = await opened();
    expect(cloud).toMatchObject({
      name: '127.0.0.1',
      projectId: fakeProject,
      userId: fakeUser,
      region: 'RegionOne',
      roles: ['member'],
    });
    expect(cloud.nova.microversion).toEqual({ min: '2.1', max: '2.93' });
    expect(cloud.cinder?.supports('3.1')).toBe(true);
    expect(cloud.nova.supports('2.96')).toBe(false);
  });

  test.each([
    ['with /v3', '/identity/v3'],
    ['without a version', '/identity'],
    ['with a slash', '/identity/v3/'],
  ])('finds Keystone %s', async (_, path) => {
    const fake = await fakeCloud();
    const credentials = fake.credentials({ auth_url: `${fake.url}${path}` });
    const cloud = await openCloud(credentials, { pace: quickPace });
    expect(cloud.projectId).toBe(fakeProject);
  });

  test.each([
    ['compute', '/compute/v2.1/project', '/compute/v2.1/project/servers/detail'],
    ['compute', '/compute/v2/project', '/compute/v2.1/project/servers/detail'],
    ['compute', '/compute', '/compute/v2.1/servers/detail'],
    ['image', '/image/v2', '/image/v2/images?limit=100'],
    ['block-storage', '/volume/v3', `/volume/v3/${fakeProject}/volumes/detail`],
    ['block-storage', `/volume/v2/${fakeProject}`, `/volume/v3/${fakeProject}/volumes/detail`],
    ['network', '/network/v2.0', '/network/v2.0/networks'],
  ])('takes the %s endpoint %s', async (type, path, wanted) => {
    const { fake, cloud } = await opened({ endpoints: { [type]: path } });
    const lists: Record<string, () => Promise<unknown>> = {
      compute: () => cloud.nova.servers({}),
      image: () => cloud.glance.images({}),
      'block-storage': () => cloud.cinder?.volumes({}) ?? Promise.reject(),
      network: () => cloud.neutron?.networks() ?? Promise.reject(),
    };
    fake.on('GET', wanted.split('?')[0] ?? '', { json: {} });
    await lists[type]?.();
    expect(fake.requests.map((request) => request.path)).toEqual([wanted]);
  });

  test('does without a Cinder that does not answer', async () => {
    const fake = await fakeCloud({ endpoints: { 'block-storage': '/broken/v3/p1' } });
    fake.on('GET', '/broken/v3/', { status: 503 });
    const cloud = await openCloud(fake.credentials(), { pace: quickPace });
    fake.on('GET', '/broken/v3/p1/limits', { status: 503 });
    const failure = await failureOf(cloud.cinder?.limits() ?? Promise.resolve());
    expect(failure.code).toBe('OZ_CLOUD_UNREACHABLE');
  });

  test("puts the project into an endpoint's override", async () => {
    const fake = await fakeCloud();
    const override = `${fake.url}/volume/v3/%(project_id)s`;
    const credentials = fake.credentials({ volume_endpoint_override: override });
    const cloud = await openCloud(credentials, { pace: quickPace });
    fake.requests.length = 0;
    fake.on('GET', `/volume/v3/${fakeProject}/volumes/detail`, { json: {} });
    await cloud.cinder?.volumes({});
    expect(fake.requests.map(({ path }) => path)).toEqual([
      `/volume/v3/${fakeProject}/volumes/detail`,
    ]);
  });

  test('tells of a Keystone that has moved', async () => {
    const fake = await fakeCloud();
    const location = 'https://new.example/identity/v3/auth/tokens';
    fake.on('POST', '/identity/v3/auth/tokens', { status: 308, headers: { location } });
    const failure = await failureOf(openCloud(fake.credentials(), { pace: quickPace }));
    expect(failure.code).toBe('OZ_CLOUD_CONFIG');
    expect(failure.message).toContain(location);
    expect(failure.hint).toContain('auth_url');
  });

  test('does without Cinder and Neutron, not without Nova', async () => {
    const { cloud } = await opened({ without: ['block-storage', 'network'] });
    expect([cloud.cinder, cloud.neutron]).toEqual([null, null]);
    const failure = await failureOf(opened({ without: ['compute'] }));
    expect(failure.code).toBe('OZ_CLOUD_VERSION');
    expect(failure.message).toContain('Nova');
  });

  test('refuses a region that is not there, and says which are', async () => {
    const failure = await failureOf(opened({ region: 'north' }, { region_name: 'south' }));
    expect(failure).toMatchObject({ code: 'OZ_CLOUD_CONFIG', hint: 'it has north' });
  });

  test('names the projects when none is chosen', async () => {
    const fake = await fakeCloud({ unscoped: true });
    fake.on('GET', '/identity/v3/auth/projects', {
      json: { projects: [{ id: '1', name: 'web', enabled: true }] },
    });
    const failure = await failureOf(openCloud(fake.credentials(), { pace: quickPace }));
    expect(failure).toMatchObject({
      code: 'OZ_CLOUD_AUTH',
      hint: 'set project_name to one of web',
    });
  });

  test.each([
    [
      'The request you have made requires authentication.',
      /the password or a domain is not right$/,
    ],
    ['The password is expired.', /: Keystone says: The password is expired$/],
    [`no: ${fakePassword}`, /: Keystone says: no: \*+$/],
  ])('words a refusal: %s', async (message, words) => {
    const fake = await fakeCloud();
    fake.on('POST', '/identity/v3/auth/tokens', {
      status: 401,
      json: { error: { code: 401, message, title: 'Unauthorized' } },
    });
    const failure = await failureOf(openCloud(fake.credentials(), { pace: quickPace }));
    expect(failure.code).toBe('OZ_CLOUD_AUTH');
    expect(failure.message).toMatch(words);
  });

  test('words an address without Keystone, and one with version 2 only', async () => {
    const fake = await fakeCloud();
    const wrong = fake.credentials({ auth_url: `${fake.url}/nothing/v3` });
    expect((await failureOf(openCloud(wrong, { pace: quickPace }))).code).toBe('OZ_CLOUD_CONFIG');
    fake.on('GET', '/identity-old/', {
      status: 300,
      json: { versions: { values: [{ id: 'v2.0' }] } },
    });
    for (const path of ['/identity-old', '/identity-old/v2.0']) {
      const old = fake.credentials({ auth_url: `${fake.url}${path}` });
      const failure = await failureOf(openCloud(old, { pace: quickPace }));
      expect(failure.code).toBe('OZ_CLOUD_VERSION');
    }
  });

  test('gives up soon where nobody answers', async () => {
    const fake = await fakeCloud();
    const credentials = fake.credentials();
    await fake.stop();
    const failure = await failureOf(openCloud(credentials, { pace: quickPace }));
    expect(failure.code).toBe('OZ_CLOUD_UNREACHABLE');
    expect(failure.message).toContain('the connection is refused');
  });
});

describe('the session', () => {
  test('is renewed before the token expires, once for all requests', async () => {
    let now = Date.now();
    const { fake, cloud } = await opened({}, {}, { now: () => now });
    fake.on('GET', '/compute/v2.1/limits', { json: {} });
    await cloud.nova.limits();
    expect(fake.tokens()).toBe(1);
    now += 3_600_000 - 5 * 60_000;
    await Promise.all([cloud.nova.limits(), cloud.nova.limits(), cloud.nova.limits()]);
    expect(fake.tokens()).toBe(2);
  });

  test('goes on with the old token while Keystone is away', async () => {
    let now = Date.now();
    const { fake, cloud } = await opened({}, {}, { now: () => now });
    fake.on('GET', '/compute/v2.1/limits', { json: {} });
    fake.on('POST', '/identity/v3/auth/tokens', { status: 503 });
    now += 3_600_000 - 5 * 60_000;
    await cloud.nova.limits();
    fake.revokeTokens();
    const failure = await failureOf(cloud.nova.limits());
    expect(failure.code).toBe('OZ_CLOUD_UNREACHABLE');
  });

  test.each([
    ['ahead', 5],
    ['behind', -5],
  ])('lives as long where the clock here is %s', async (_, hours) => {
    let now = Date.now() + hours * 3_600_000;
    const { fake, cloud } = await opened({}, {}, { now: () => now });
    fake.on('GET', '/compute/v2.1/limits', { json: {} });
    for (let call = 0; call < 3; call++) await cloud.nova.limits();
    expect(fake.tokens()).toBe(1);
    now += 3_600_000 - 5 * 60_000;
    await cloud.nova.limits();
    expect(fake.tokens()).toBe(2);
  });

  test('is renewed when a service refuses the token, and the request is sent again', async () => {
    const { fake, cloud } = await opened();
    fake.on('POST', '/compute/v2.1/servers', { status: 202, json: { server: { id: 's1' } } });
    fake.revokeTokens();
    expect(await cloud.nova.createServer({ name: 'a' })).toEqual({ id: 's1' });
    expect(fake.tokens()).toBe(2);
  });

  test('ends with an error when new tokens are refused too', async () => {
    const { fake, cloud } = await opened();
    fake.on('GET', '/compute/v2.1/limits', { status: 401, json: {} });
    const failure = await failureOf(cloud.nova.limits());
    expect(failure.code).toBe('OZ_CLOUD_AUTH');
    expect(fake.tokens()).toBe(2);
  });

  test('uses a given token as it is, and says when it has expired', async () => {
    const fake = await fakeCloud();
    await openCloud(fake.credentials(), { pace: quickPace });
    const body = {
      token: {
        expires_at: new Date(Date.now() + 3_600_000).toISOString(),
        user: { id: fakeUser },
        project: { id: fakeProject, name: 'demo' },
        catalog: [
          {
            type: 'compute',
            endpoints: [{ interface: 'public', region: 'r', url: `${fake.url}/compute` }],
          },
          {
            type: 'image',
            endpoints: [{ interface: 'public', region: 'r', url: `${fake.url}/image` }],
          },
        ],
      },
    };
    fake.on('GET', '/identity/v3/auth/tokens', { json: body });
    fake.requests.length = 0;
    const settings = { token: 'token-1', password: '', username: '' };
    let now = Date.now();
    const how = { pace: quickPace, now: () => now };
    const cloud = await openCloud(fake.credentials(settings), how);
    expect(cloud.region).toBe('r');
    now += 3_500_000; // nothing but a refusal helps to another one
    fake.on('GET', '/compute/v2.1/limits', { json: {} });
    await cloud.nova.limits();
    expect(fake.requests.map(({ path }) => path)).toEqual([
      '/identity/v3/auth/tokens',
      '/compute/v2.1/limits',
    ]);

    fake.on('GET', '/identity/v3/auth/tokens', { status: 401, json: {} });
    const failure = await failureOf(openCloud(fake.credentials(settings), { pace: quickPace }));
    expect(failure).toMatchObject({ code: 'OZ_CLOUD_AUTH' });
    expect(failure.message).toContain('the token is expired');
    expect(failure.message).not.toContain('token-1');
  });
});
