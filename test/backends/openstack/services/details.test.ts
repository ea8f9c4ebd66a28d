import { describe, expect, test } from 'vitest';
import { failureOf, opened } from './open.ts';

const servers = '/compute/v2.1/servers';
const gone = { status: 404, json: { itemNotFound: { code: 404, message: 'not found' } } };

describe('what is not there', () => {
  test('is null to look at, and no error to remove', async () => {
    const { fake, cloud } = await opened();
    for (const path of [`${servers}/:id`, '/image/v2/images/:id', '/network/v2.0/ports/:id']) {
      fake.on('GET', path, gone);
      fake.on('DELETE', path, gone);
    }
    expect(await cloud.nova.server('x')).toBeNull();
    expect(await cloud.glance.image('x')).toBeNull();
    expect(await cloud.neutron?.port('x')).toBeNull();
    await cloud.nova.deleteServer('x');
    await cloud.glance.deleteImage('x');
    await cloud.neutron?.deletePort('x');
  });
});

describe('an older Nova', () => {
  async function old() {
    const around = await opened();
    return { ...around, cloud: await reopened(around) };
  }

  /** Opened again after Nova has told a smaller range. */
  async function reopened({ fake }: Awaited<ReturnType<typeof opened>>) {
    const { openCloud } = await import('../../../../backends/openstack/services/open.ts');
    fake.on('GET', '/compute/v2.1/', {
      json: { version: { id: 'v2.1', status: 'CURRENT', version: '2.1', min_version: '2.1' } },
    });
    const cloud = await openCloud(fake.credentials());
    fake.requests.length = 0;
    return cloud;
  }

  test('tells the image of a snapshot in a header', async () => {
    const { fake, cloud } = await old();
    fake.on('POST', `${servers}/:id/action`, {
      status: 202,
      headers: { location: 'http://glance/images/img-9' },
    });
    expect(await cloud.nova.createImage('s', { name: 'shot' })).toBe('img-9');
    expect(fake.requests[0]?.microversion).toBeUndefined();
  });

  test('tells diagnostics in flat form', async () => {
    const { fake, cloud } = await old();
    fake.on('GET', `${servers}/:id/diagnostics`, {
      json: {
        vda_read_req: 5,
        vda_write_req: 7,
        vda_read: 500,
        vda_write: 700,
        vda_errors: -1,
        hda_read_req: 1,
        tap1_rx: 10,
        tap1_tx: 20,
        tap1_rx_packets: 3,
        memory: 524288,
      },
    });
    expect(await cloud.nova.diagnostics('s')).toMatchObject({
      diskRequests: 13,
      diskBytes: 1200,
      networkBytes: 30,
    });
  });

  test('can not rescue onto a volume', async () => {
    const { cloud } = await old();
    const rescue = cloud.nova.rescueServer('s', { imageId: 'i', volumeBacked: true });
    expect((await failureOf(rescue)).code).toBe('OZ_CLOUD_VERSION');
  });

  test('opens the screen by an action', async () => {
    const { fake, cloud } = await old();
    fake.on('POST', `${servers}/:id/action`, {
      json: { console: { type: 'novnc', url: 'http://v/' } },
    });
    expect(await cloud.nova.remoteConsole('s')).toEqual({ type: 'novnc', url: 'http://v/' });
    expect(fake.requests[0]?.json).toEqual({ 'os-getVNCConsole': { type: 'novnc' } });
  });
});

test('lists have all their pages', async () => {
  const { fake, cloud } = await opened();
  const page = (ids: string[], next?: string) => ({
    json: {
      servers: ids.map((id) => ({ id, name: id })),
      ...(next
        ? { servers_links: [{ rel: 'next', href: `http://x/servers/detail?marker=${next}` }] }
        : {}),
    },
  });
  fake.on('GET', `${servers}/detail`, page(['a', 'b'], 'b'), page(['c']));
  expect((await cloud.nova.servers({})).map((server) => server.id)).toEqual(['a', 'b', 'c']);
  fake.on(
    'GET',
    '/image/v2/images',
    { json: { images: [{ id: '1' }], next: '/v2/images?marker=1&limit=100' } },
    { json: { images: [{ id: '2' }] } },
  );
  expect((await cloud.glance.images({})).map((image) => image.id)).toEqual(['1', '2']);
  expect(fake.requests.at(-1)?.path).toBe('/image/v2/images?limit=100&marker=1');
});

test('lists without an end are left', async () => {
  const { fake, cloud } = await opened();
  const many = Array.from({ length: 100_001 }, (_, id) => ({ id: String(id) }));
  const links = (next: number) => [{ rel: 'next', href: `http://x/detail?marker=${next}` }];
  const page = (next: number) => ({ json: { servers: many, servers_links: links(next) } });
  fake.on('GET', `${servers}/detail`, page(1), page(2), { status: 404 });
  const failure = await failureOf(cloud.nova.servers({}));
  expect(failure.code).toBe('OZ_CLOUD_ANSWER');
  expect(failure.message).toBe('Cannot list the servers: there are more than 200000');
  const images = (next: number) => ({ json: { images: many, next: `/v2/images?marker=${next}` } });
  fake.on('GET', '/image/v2/images', images(1), images(2), { status: 404 });
  expect((await failureOf(cloud.glance.images({}))).message).toBe(
    'Cannot list the images: there are more than 200000',
  );
});

test('stopping twice is no error when the first answer got lost', async () => {
  const { fake, cloud } = await opened();
  const conflict = { status: 409, json: { conflictingRequest: { message: 'already stopped' } } };
  fake.on('POST', `${servers}/:id/action`, { drop: true }, conflict);
  await cloud.nova.stopServer('s');
  fake.on('POST', `${servers}/:id/action`, conflict);
  expect((await failureOf(cloud.nova.stopServer('s'))).code).toBe('OZ_CLOUD_BUSY');
});

test('a console that is not there is null', async () => {
  const { fake, cloud } = await opened();
  fake.on('POST', `${servers}/:id/action`, gone);
  expect(await cloud.nova.consoleOutput('s')).toBeNull();
});

test('Neutron without quotas for users tells none', async () => {
  const { fake, cloud } = await opened();
  fake.on('GET', '/network/v2.0/quotas/:p/details', { status: 403, json: {} });
  expect(await cloud.neutron?.limits()).toBeNull();
});
