/**
 * Every call of the clients against real services: as project member, and as
 * admin where only admins may. Needs a running cloud, see support/cloud.ts.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { networkInterfaces } from 'node:os';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { blankDisk } from '../../backends/openstack/blank-disk.ts';
import { openCloud } from '../../backends/openstack/services/open.ts';
import { putImage } from '../../backends/openstack/services/put-image.ts';
import type { Cloud, Server, Volume } from '../../backends/openstack/services/types.ts';
import { delay } from '../../src/base/abort.ts';
import { streamSource } from '../backends/openstack/services/stream-source.ts';
import { flakyProxy } from './support/flaky-proxy.ts';
import { labCredentials } from './support/lab-credentials.ts';
import { rawKeystone } from './support/raw-keystone.ts';

const mark = `ozma-clients-${randomBytes(4).toString('hex')}`;
const labels = { ozma_test: mark };
const content = randomBytes(24 << 20);
let cloud: Cloud;
let admin: Cloud;
const log: string[] = [];

/** This host on the network of the lab's guests. */
function bridgeAddress(): string {
  const address = networkInterfaces()['os-gw']?.find(({ family }) => family === 'IPv4')?.address;
  if (!address) throw new Error('there is no interface os-gw');
  return address;
}

const bufferSource = (data: Buffer) => ({
  size: data.length,
  repeatable: true,
  open: () => Readable.from([data]),
});

async function collect(batches: AsyncIterable<readonly Buffer[]>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const batch of batches) pieces.push(Buffer.concat(batch));
  return Buffer.concat(pieces);
}

async function until<T>(look: () => Promise<T>, done: (seen: T) => boolean, ms = 180_000) {
  const end = Date.now() + ms;
  for (;;) {
    const seen = await look();
    if (done(seen)) return seen;
    if (Date.now() > end) throw new Error(`still ${JSON.stringify(seen)} after ${ms} ms`);
    await delay(1500);
  }
}

const serverIs = (id: string, status: string) =>
  until(
    () => cloud.nova.server(id),
    (server) => {
      if (server?.status === 'ERROR' && status !== 'ERROR') {
        throw new Error(`the server failed: ${server.fault?.message}`);
      }
      return server?.status === status && server.taskState === null;
    },
  );

async function codeOfFailure(act: Promise<unknown> | undefined): Promise<string> {
  try {
    await act;
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'no failure';
}

beforeAll(async () => {
  cloud = await openCloud(labCredentials('demo'), { log: (line) => log.push(line) });
  admin = await openCloud(labCredentials('admin'));
});

/** Everything of this run, also of a test that failed. */
afterAll(async () => {
  for (const server of await cloud.nova.servers({ metadata: labels })) {
    await cloud.nova.deleteServer(server.id);
    await until(
      () => cloud.nova.server(server.id),
      (found) => found === null,
    );
  }
  for (const volume of (await cloud.cinder?.volumes({ metadata: labels })) ?? []) {
    await cloud.cinder?.deleteVolume(volume.id);
  }
  const images = await cloud.glance.images({ mine: true });
  for (const image of images) {
    if (image.name?.startsWith(mark)) await cloud.glance.deleteImage(image.id);
  }
  await cloud.nova.deleteKeypair(mark);
});

describe('signing in', () => {
  test('finds what there is', async () => {
    expect(cloud.projectName).toBe('demo');
    expect(cloud.userName).toBe('demo');
    expect(cloud.roles).toContain('member');
    expect(cloud.nova.microversion?.max).toMatch(/^2\.\d+$/);
    expect((await cloud.keystone.projects()).map((project) => project.name)).toContain('demo');
  });

  test('refuses a wrong password', async () => {
    const wrong = labCredentials('demo', { password: 'not-the-password' });
    expect(await codeOfFailure(openCloud(wrong))).toBe('OZ_CLOUD_AUTH');
  });

  test('refuses an unknown project', async () => {
    const wrong = labCredentials('demo', { project_name: 'nobody' });
    expect(await codeOfFailure(openCloud(wrong))).toBe('OZ_CLOUD_AUTH');
  });

  test('asks for a project, for a user who has none of its own', async () => {
    const keystone = await rawKeystone('admin');
    const password = randomBytes(9).toString('hex');
    const made = await keystone.send('POST', '/users', {
      user: { name: mark, domain_id: 'default', password },
    });
    const { id } = made.user as { id: string };
    try {
      const none = labCredentials('demo', { username: mark, password, project_name: '' });
      const failure = await openCloud(none).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: 'OZ_CLOUD_AUTH',
        message: expect.stringContaining('no project is chosen'),
      });
    } finally {
      await keystone.send('DELETE', `/users/${id}`);
    }
  });

  test('takes an application credential, by id and by name', async () => {
    const keystone = await rawKeystone('demo');
    const path = `/users/${keystone.userId}/application_credentials`;
    const made = await keystone.send('POST', path, { application_credential: { name: mark } });
    const { id, secret } = made.application_credential as { id: string; secret: string };
    const common = { application_credential_secret: secret, password: '', project_name: '' };
    try {
      const byId = { ...common, username: '', application_credential_id: id };
      const byName = { ...common, application_credential_name: mark };
      for (const changes of [byId, byName]) {
        const opened = await openCloud(labCredentials('demo', changes));
        expect(opened.projectId).toBe(cloud.projectId);
        expect((await opened.nova.limits()).instances.used).toBeGreaterThanOrEqual(0);
      }
    } finally {
      await keystone.send('DELETE', `${path}/${id}`);
    }
  });

  test('takes a token, and says when it is no longer valid', async () => {
    const keystone = await rawKeystone('demo');
    const given = () => labCredentials('demo', { token: keystone.token, password: '' });
    const opened = await openCloud(given());
    expect((await opened.nova.limits()).instances.used).toBeGreaterThanOrEqual(0);
    await keystone.send('DELETE', '/auth/tokens');
    const failure = await openCloud(given()).catch((error: unknown) => error as Error);
    expect(failure).toMatchObject({ code: 'OZ_CLOUD_AUTH' });
    expect(String(failure)).not.toContain(keystone.token);
  });

  test('renews a session before its token ends', async () => {
    let ahead = 0;
    const lines: string[] = [];
    const opened = await openCloud(labCredentials('demo'), {
      now: () => Date.now() + ahead,
      log: (line) => lines.push(line),
    });
    ahead = 23.9 * 3_600_000;
    await opened.nova.limits();
    expect(lines.filter((line) => line.startsWith('signed in as demo'))).toHaveLength(2);
  });

  test('finds Keystone without a version in its address', async () => {
    const { authUrl } = labCredentials('demo');
    const bare = labCredentials('demo', { auth_url: authUrl.replace(/\/v3$/, '') });
    expect((await openCloud(bare)).projectId).toBe(cloud.projectId);
  });
});

describe('Glance', () => {
  const name = `${mark}-data`;
  const properties = { ozma_source_sha256: mark, hw_disk_bus: 'virtio' };

  test('takes data, lists, changes and gives it back', async () => {
    const seen: number[] = [];
    const image = await putImage(
      cloud.glance,
      { name, diskFormat: 'raw', containerFormat: 'bare', minDisk: 1, tags: ['ozma'], properties },
      bufferSource(content),
      { onProgress: (done) => seen.push(done) },
    );
    expect(image).toMatchObject({ status: 'active', size: content.length, properties });
    expect(seen.at(-1)).toBe(content.length);

    const hash = createHash('sha512').update(content).digest('hex');
    for (const query of [{ name }, { hash }, { properties: { ozma_source_sha256: mark } }]) {
      const found = await cloud.glance.images({ ...query, mine: true });
      expect(found.map(({ id }) => id)).toEqual([image.id]);
    }
    const data = await collect(cloud.glance.download(image));
    expect(data.equals(content)).toBe(true);

    const changed = await cloud.glance.changeImage(image.id, {
      name: `${name}-2`,
      min_ram: 64,
      hw_disk_bus: null,
      never_there: null,
      os_distro: 'debian',
    });
    expect(changed).toMatchObject({ name: `${name}-2`, minRam: 64 });
    expect(changed.properties).toMatchObject({ os_distro: 'debian', ozma_source_sha256: mark });
    expect(changed.properties.hw_disk_bus).toBeUndefined();

    await cloud.glance.deleteImage(image.id);
    await cloud.glance.deleteImage(image.id);
    expect(await cloud.glance.image(image.id)).toBeNull();
  });

  test('goes on with a download, and sends again, when connections drop', async () => {
    const { authUrl } = labCredentials('demo');
    const direct = await openCloud(labCredentials('demo'));
    const glanceUrl = `http://${new URL(authUrl).hostname}:9292`;
    const proxy = await flakyProxy(glanceUrl, { dropUpAfter: 5 << 20, dropDownAfter: 7 << 20 });
    const lines: string[] = [];
    const flaky = await openCloud(labCredentials('demo', { image_endpoint_override: proxy.url }), {
      log: (line) => lines.push(line),
    });
    try {
      const image = await putImage(
        flaky.glance,
        { name: `${mark}-flaky`, diskFormat: 'raw', containerFormat: 'bare' },
        bufferSource(content),
      );
      expect((await collect(flaky.glance.download(image))).equals(content)).toBe(true);
      expect(proxy.drops).toEqual(['up', 'down']);
      expect(lines.some((line) => line.includes('broke off at'))).toBe(true);
      const left = await direct.glance.images({ name: `${mark}-flaky`, mine: true });
      expect(left).toHaveLength(1);
    } finally {
      await proxy.close();
    }
  });

  test('takes a stream of unknown length', async () => {
    const image = await putImage(
      cloud.glance,
      { name: `${mark}-stream`, diskFormat: 'raw', containerFormat: 'bare' },
      streamSource(Readable.from([content.subarray(0, 1 << 20)]), null),
    );
    expect(image.size).toBe(1 << 20);
  });

  test('lets Glance fetch from a URL, and tells why it could not', async () => {
    expect(await cloud.glance.importMethods()).toContain('web-download');
    expect(await cloud.glance.stores()).toBeInstanceOf(Array);
    const server = createServer((request, response) => {
      if (request.url === '/disk.raw') response.end(content);
      else response.writeHead(404).end();
    });
    // Glance fetches from ports 80 and 443 only, and never from loopback.
    const host = bridgeAddress();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(80, host, resolve);
    });
    const fetched = async (url: string) => {
      const { id } = await cloud.glance.createImage({
        name: `${mark}-import`,
        diskFormat: 'raw',
        containerFormat: 'bare',
      });
      await cloud.glance.importFromUrl(id, url);
      const signal = AbortSignal.timeout(240_000);
      return cloud.glance.waitForImage(id, { pollMs: 1000, signal });
    };
    try {
      const image = await fetched(`http://${host}/disk.raw`);
      expect(image.size).toBe(content.length);
      expect(image.digest?.value).toBe(createHash('sha512').update(content).digest('hex'));
      expect((await cloud.glance.imageTasks(image.id)).map(({ status }) => status)).toEqual([
        'success',
      ]);
      const missing = await fetched(`http://${host}/none`).catch((error: unknown) => error);
      expect(missing).toMatchObject({ code: 'OZ_CLOUD_REFUSED' });
      expect(String(missing)).toContain('Glance could not fetch it');
      const port = await fetched(`http://${host}:8099/x`).catch((error: unknown) => error);
      expect(port).toMatchObject({ code: 'OZ_CLOUD_REFUSED' });
      expect(String(port)).toContain('does not pass filtering');
    } finally {
      server.close();
    }
  });

  test('refuses a public image to a member', async () => {
    const image = {
      name: `${mark}-public`,
      diskFormat: 'raw',
      containerFormat: 'bare',
      visibility: 'public',
    } as const;
    expect(await codeOfFailure(cloud.glance.createImage(image))).toBe('OZ_CLOUD_POLICY');
  });
});

describe('Nova', () => {
  let flavor: string;
  let image: string;
  let server: Server;

  test('tells flavors, zones and limits', async () => {
    const flavors = await cloud.nova.flavors();
    const small = [...flavors].sort((a, b) => a.ram - b.ram).find((f) => f.disk >= 1);
    if (!small) throw new Error('no flavor with a disk');
    flavor = small.id;
    expect(await cloud.nova.availabilityZones()).toContainEqual({ name: 'nova', available: true });
    const limits = await cloud.nova.limits();
    expect(limits.cores.used).toBeGreaterThanOrEqual(0);
    expect(limits.metadataItems).toBeGreaterThan(0);
  });

  test('keeps key pairs', async () => {
    const publicKey =
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7q0w6pQm1mJH1sVY0c0r7o1uJ8s0mVf0k1lYwWJ8ab test';
    expect((await cloud.nova.importKeypair({ name: mark, publicKey })).name).toBe(mark);
    expect((await cloud.nova.keypair(mark))?.fingerprint).toMatch(/^[0-9a-f:]+$/);
    expect((await cloud.nova.keypairs()).map(({ name }) => name)).toContain(mark);
    await cloud.nova.deleteKeypair(mark);
    expect(await cloud.nova.keypair(mark)).toBeNull();
  });

  test('makes a server and finds it', async () => {
    const disk = await putImage(
      cloud.glance,
      {
        name: `${mark}-disk`,
        diskFormat: 'qcow2',
        containerFormat: 'bare',
        properties: { os_shutdown_timeout: '1' },
      },
      bufferSource(blankDisk(64 << 20)),
    );
    image = disk.id;
    const { id } = await cloud.nova.createServer({
      name: mark,
      flavorRef: flavor,
      imageRef: image,
      networks: 'none',
      metadata: labels,
    });
    server = (await serverIs(id, 'ACTIVE')) as Server;
    expect(server).toMatchObject({ name: mark, powerState: 1, imageId: image, metadata: labels });
    expect((await cloud.nova.servers({ name: mark })).map((s) => s.id)).toEqual([id]);
    expect((await cloud.nova.servers({ metadata: labels })).map((s) => s.id)).toEqual([id]);
    await cloud.nova.setServerMetadata(id, { stage: 'two' });
    expect((await cloud.nova.server(id))?.metadata).toEqual({ ...labels, stage: 'two' });
  });

  test('shows what it does', async () => {
    expect(await codeOfFailure(cloud.nova.diagnostics(server.id))).toBe('OZ_CLOUD_POLICY');
    const told = await admin.nova.diagnostics(server.id);
    expect(told.diskRequests).toBeGreaterThanOrEqual(0);
    expect(typeof (await cloud.nova.consoleOutput(server.id, { lines: 10 }))).toBe('string');
    const screen = await cloud.nova.remoteConsole(server.id).catch((error: unknown) => error);
    expect(screen).toMatchObject(
      screen instanceof Error
        ? { code: expect.stringMatching(/^OZ_CLOUD_/) }
        : { url: expect.stringContaining('token') },
    );
    const [create] = (await cloud.nova.instanceActions(server.id)).filter(
      ({ action }) => action === 'create',
    );
    expect(create?.requestId).toMatch(/^req-/);
    // Nova may say that it is active before it has written down how that went.
    await vi.waitFor(
      async () => {
        const events = await cloud.nova.instanceEvents(server.id, create?.requestId ?? '');
        expect(events.map(({ result }) => result)).toContain('Success');
      },
      { timeout: 30_000, interval: 1000 },
    );
  });

  test('stops, takes a snapshot, rescues and starts', async () => {
    await cloud.nova.stopServer(server.id);
    const stopped = await serverIs(server.id, 'SHUTOFF');
    expect(stopped?.powerState).toBe(4);
    expect(await cloud.nova.consoleOutput(server.id)).toBeNull();
    expect(await codeOfFailure(cloud.nova.stopServer(server.id))).toBe('OZ_CLOUD_BUSY');

    const shot = await cloud.nova.createImage(server.id, {
      name: `${mark}-shot`,
      metadata: labels,
    });
    const taken = await cloud.glance.waitForImage(shot, { pollMs: 2000 });
    expect(taken.properties).toMatchObject(labels);
    expect(taken.size).toBeGreaterThan(0);

    await serverIs(server.id, 'SHUTOFF');
    await cloud.nova.startServer(server.id);
    await serverIs(server.id, 'ACTIVE');
    await cloud.nova.rebootServer(server.id, 'HARD');
    await serverIs(server.id, 'ACTIVE');
    await cloud.glance.changeImage(image, { hw_rescue_device: 'disk', hw_rescue_bus: 'virtio' });
    await cloud.nova.rescueServer(server.id, { imageId: image });
    await serverIs(server.id, 'RESCUE');
    await cloud.nova.unrescueServer(server.id);
    await serverIs(server.id, 'ACTIVE');
  });

  test('attaches and detaches a volume', async () => {
    if (!cloud.cinder) throw new Error('no Cinder');
    const { cinder } = cloud;
    const made = await cinder.createVolume({ name: `${mark}-extra`, size: 1, metadata: labels });
    await volumeIs(made.id, 'available');
    // While it is stopped: plugging in live is the hypervisor's matter, not the client's.
    await cloud.nova.stopServer(server.id);
    await serverIs(server.id, 'SHUTOFF');
    const attached = await cloud.nova.attachVolume(server.id, made.id);
    expect(attached.volumeId).toBe(made.id);
    await volumeIs(made.id, 'in-use');
    expect((await cloud.nova.volumeAttachments(server.id)).map((a) => a.volumeId)).toEqual([
      made.id,
    ]);
    expect((await cloud.nova.server(server.id))?.volumeIds).toEqual([made.id]);
    await cloud.nova.detachVolume(server.id, made.id);
    await volumeIs(made.id, 'available');
    await cinder.deleteVolume(made.id);
  });

  test('removes it, also twice', async () => {
    await cloud.nova.deleteServer(server.id);
    await until(
      () => cloud.nova.server(server.id),
      (found) => found === null,
    );
    await cloud.nova.deleteServer(server.id);
  });

  test("tells a refusal in Nova's words", async () => {
    const body = { name: mark, flavorRef: flavor, imageRef: image, networks: 'none' };
    const bad = { ...body, networks: [{ uuid: '00000000-0000-0000-0000-000000000000' }] };
    expect(await codeOfFailure(cloud.nova.createServer(bad))).toBe('OZ_CLOUD_REFUSED');
    const many = { ...body, min_count: 5000, max_count: 5000 };
    expect(await codeOfFailure(cloud.nova.createServer(many))).toBe('OZ_CLOUD_QUOTA');
  });
});

const volumeIs = (id: string, status: string) =>
  until(
    async () => cloud.cinder?.volume(id),
    (volume) => {
      if (volume?.status.startsWith('error')) throw new Error(`the volume is ${volume.status}`);
      return volume?.status === status;
    },
  );

describe('Cinder', () => {
  let volume: Volume;
  const cinder = () => {
    if (!cloud.cinder) throw new Error('no Cinder');
    return cloud.cinder;
  };

  test('makes a volume and labels it', async () => {
    const made = await cinder().createVolume({ name: mark, size: 1, metadata: labels });
    volume = (await volumeIs(made.id, 'available')) as Volume;
    expect(volume).toMatchObject({ name: mark, size: 1, bootable: false, metadata: labels });
    expect((await cinder().volumes({ name: mark })).map(({ id }) => id)).toEqual([volume.id]);
    expect((await cinder().volumes({ metadata: labels })).map(({ id }) => id)).toContain(volume.id);
    await cinder().setVolumeMetadata(volume.id, { stage: 'two' });
    await cinder().setBootable(volume.id, true);
    await cinder().setImageMetadata(volume.id, { kernel_id: 'abc', os_distro: 'debian' });
    await cinder().unsetImageMetadata(volume.id, 'kernel_id');
    await cinder().unsetImageMetadata(volume.id, 'kernel_id');
    const now = await cinder().volume(volume.id);
    expect(now).toMatchObject({ bootable: true, metadata: { ...labels, stage: 'two' } });
    expect(now?.imageMetadata).toMatchObject({ os_distro: 'debian' });
    expect(now?.imageMetadata.kernel_id).toBeUndefined();
  });

  test('makes an image of it, and a volume of that', async () => {
    const id = await cinder().uploadToImage(volume.id, {
      name: `${mark}-of-volume`,
      diskFormat: 'qcow2',
      visibility: 'private',
    });
    const image = await cloud.glance.waitForImage(id, { pollMs: 2000 });
    expect(image).toMatchObject({ diskFormat: 'qcow2', visibility: 'private' });
    await volumeIs(volume.id, 'available');
    const second = await cinder().createVolume({
      name: `${mark}-of-image`,
      size: 1,
      imageId: id,
      metadata: labels,
    });
    const copy = await volumeIs(second.id, 'available');
    expect(copy?.bootable).toBe(true);
    await cinder().deleteVolume(second.id);
  });

  test('tells quotas, types and refusals', async () => {
    const limits = await cinder().limits();
    expect(limits.volumes.used).toBeGreaterThanOrEqual(1);
    expect(await cinder().volumeTypes()).toBeInstanceOf(Array);
    expect(await cinder().messages(volume.id)).toEqual([]);
    const large = cinder().createVolume({ name: mark, size: 1_000_000, metadata: labels });
    expect(await codeOfFailure(large)).toBe('OZ_CLOUD_QUOTA');
  });

  test('removes it', async () => {
    await cinder().deleteVolume(volume.id);
    await until(
      () => cinder().volume(volume.id),
      (found) => found === null,
    );
    await cinder().deleteVolume(volume.id);
  });
});

describe('Neutron', () => {
  const neutron = () => {
    if (!cloud.neutron) throw new Error('no Neutron');
    return cloud.neutron;
  };

  test('tells networks, ports, groups and quotas', async () => {
    expect((await neutron().extensions()).length).toBeGreaterThan(3);
    const [network] = await neutron().networks({ name: 'net' });
    if (!network) throw new Error('no network');
    expect((await neutron().network(network.id))?.name).toBe('net');
    const subnets = await neutron().subnets({ networkId: network.id });
    expect(subnets.map(({ id }) => id)).toEqual(network.subnetIds);
    const [group] = await neutron().securityGroups({ name: 'default' });
    const hasGroups = (await neutron().extensions()).includes('security-group');
    expect(group !== undefined).toBe(hasGroups);
    if (group) {
      expect(group.projectId).toBe(cloud.projectId);
      expect(group.rules.length).toBeGreaterThan(0);
    }
    const limits = await neutron().limits();
    expect(limits === null || limits.ports.used >= 0).toBe(true);

    const port = await neutron().createPort({
      networkId: network.id,
      name: mark,
      ...(group ? { securityGroupIds: [group.id] } : {}),
    });
    expect(port.fixedIps).toHaveLength(1);
    expect((await neutron().ports({ name: mark })).map(({ id }) => id)).toEqual([port.id]);
    await neutron().deletePort(port.id);
    await neutron().deletePort(port.id);
    expect(await neutron().port(port.id)).toBeNull();
  });

  test('tells where there are no floating IPs', async () => {
    const extensions = await neutron().extensions();
    if (extensions.includes('router')) {
      expect(await neutron().floatingIps({ description: mark })).toEqual([]);
      return;
    }
    const wanted = neutron().createFloatingIp({ networkId: 'none' });
    expect(await codeOfFailure(wanted)).toBe('OZ_CLOUD_GONE');
  });
});

test('no secret is in the log', () => {
  expect(log.length).toBeGreaterThan(50);
  const tokens = log.filter((line) => /gAAAA|password/.test(line));
  expect(tokens).toEqual([]);
});
