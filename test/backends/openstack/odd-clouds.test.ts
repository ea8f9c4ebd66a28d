/** Clouds that keep what is deleted, and clouds that can't show what they should. */
import { expect, it } from 'vitest';
import type { CatalogueEntry, StopEvent } from '../../../backends/backend.ts';
import { placeName } from '../../../backends/openstack/site.ts';
import { delay } from '../../../src/base/abort.ts';
import { fakeProject } from '../../fakes/fake-cloud.ts';
import { guestSpec, hardware } from '../../fakes/specs.ts';
import { gib, installGuestSpec, openPlace } from './opened.ts';
import { failureOf } from './services/open.ts';
import { smallFlavor } from './working-cloud.ts';

const servers = '/compute/v2.1/servers';
const volumes = `/volume/v3/${fakeProject}`;

it('deletes a server for good where the cloud only puts it aside', async () => {
  const opened = await openPlace({ settings: { server_timeout: '5' } });
  const { fake, services, place } = opened;
  const spec = await installGuestSpec(opened, 'direct');
  fake.on('DELETE', `${servers}/:id`, ({ params }) => {
    const server = services.servers.get(params.id ?? '');
    if (server) server.status = 'SOFT_DELETED';
    return { status: 204 };
  });
  const asked: unknown[] = [];
  fake.on('POST', `${servers}/:id/action`, ({ params, json }) => {
    asked.push(json);
    if ('forceDelete' in (json as object)) services.servers.delete(params.id ?? '');
    return { status: 202 };
  });
  const guest = await place.createGuest(spec);
  await guest.start();
  await guest.destroy();
  expect(asked).toContainEqual({ forceDelete: null });
  expect(services.servers.size).toBe(0);
});

it.each([
  ['diagnostics that its driver lacks', 'GET', `${servers}/:id/diagnostics`, 501],
  ['diagnostics that fail', 'GET', `${servers}/:id/diagnostics`, 500],
  ['a console that fails', 'POST', `${servers}/:id/action`, 500],
] as const)('lets a guest go on beside %s', async (_, method, at, status) => {
  const opened = await openPlace({});
  const { fake, place } = opened;
  const spec = await installGuestSpec(opened, 'direct');
  fake.on(method, at, { status, json: { error: { code: status, message: 'not supported' } } });
  const guest = await place.createGuest(spec);
  const stops: StopEvent[] = [];
  guest.onStop((event) => stops.push(event));
  await guest.start();
  await delay(1500);
  expect(fake.requests.some((request) => request.path.endsWith(at.slice(-6)))).toBe(true);
  expect(await guest.state()).toBe('running');
  expect(stops).toEqual([]);
  await guest.destroy();
});

it('tells regions apart, and projects of one name', () => {
  const here = { name: 'big', region: 'east', projectName: 'web', projectId: '1' };
  const places = [here, { ...here, region: 'west' }, { ...here, projectId: '2' }].map(placeName);
  expect(new Set(places).size).toBe(3);
});

it.each([
  ['that Cinder has too', [{ zoneName: 'west' }], 'west'],
  ['that Cinder has not', [{ zoneName: 'nova' }], undefined],
  ['where Cinder does not tell', null, 'west'],
])('makes volumes in a zone %s', async (_, zones, expected) => {
  const opened = await openPlace({ settings: { availability_zone: 'west:host7' } });
  const { fake } = opened;
  fake.on('GET', '/compute/v2.1/os-availability-zone', {
    json: { availabilityZoneInfo: [{ zoneName: 'west', zoneState: { available: true } }] },
  });
  fake.on(
    'GET',
    `${volumes}/os-availability-zone`,
    zones === null ? { status: 403 } : { json: { availabilityZoneInfo: zones } },
  );
  await installGuestSpec(opened, 'volumes');
  const made = fake.requests
    .filter(({ method, path }) => method === 'POST' && path === `${volumes}/volumes`)
    .map(({ json }) => (json as { volume: Record<string, unknown> }).volume);
  expect(made).toEqual([expect.objectContaining({ size: 4 })]);
  expect(made.map((volume) => volume.availability_zone)).toEqual([expected]);
});

it('refuses a volume that only its owner could start', async () => {
  const opened = await openPlace();
  const { fake, services, place, ledger } = opened;
  fake.on('POST', `${volumes}/volumes`, ({ json }) => {
    const volume = {
      ...(json as { volume: object }).volume,
      ...{ id: 'v1', status: 'available', encrypted: true, volume_type: 'luks' },
    };
    services.volumes.set('v1', volume);
    return { status: 202, json: { volume } };
  });
  expect(await failureOf(installGuestSpec(opened, 'volumes'))).toMatchObject({
    code: 'OZ_CLOUD_VOLUME',
    message: expect.stringContaining('type luks for the disk: it is encrypted'),
    hint: 'set volume_type in [openstack] to a type without encryption',
  });
  for (const entry of ledger.now) await place.remove(entry);
  expect(services.left().volumes).toBe(0);
});

it('waits for a volume that is going already, as when a killed run had asked for that', async () => {
  const opened = await openPlace();
  const { fake, services, place, ledger } = opened;
  const volume = { id: 'v1', name: 'disk', size: 1, status: 'deleting', metadata: {} };
  services.volumes.set('v1', volume);
  fake.on('DELETE', `${volumes}/volumes/:id`, {
    status: 400,
    json: { badRequest: { code: 400, message: 'Volume status must be available or error' } },
  });
  let looks = 0;
  fake.on('GET', `${volumes}/volumes/:id`, () => {
    if (++looks > 2) services.volumes.delete('v1');
    return services.volumes.has('v1') ? { json: { volume } } : { status: 404, json: {} };
  });
  await place.remove({ place: 'openstack', kind: 'volume', ref: 'v1', at: place.at });
  expect(looks).toBe(3);
  expect(ledger.now).toEqual([]);
});

it('does not lose a build over a disk that is still in use where it is stored', async () => {
  const opened = await openPlace({});
  const { fake, services, place, ledger } = opened;
  const spec = await installGuestSpec(opened, 'direct');
  const blank = spec.disk.ref.replace('image:', '');
  fake.on('DELETE', `/image/v2/images/${blank}`, {
    status: 409,
    text: 'Image could not be deleted because it is in use',
  });
  const guest = await place.createGuest(spec);
  await guest.start();
  services.powerOff();
  await expect.poll(() => guest.state()).toBe('stopped');
  const taken = await guest.takeDisk();
  expect(taken.ref).not.toBe(spec.disk.ref);
  await guest.destroy();
  // For the end of the build, and for the next one.
  expect(ledger.now.map(({ ref }) => ref)).toContain(blank);
});

it('does not lose a build over a medium whose volume can not be deleted', async () => {
  const opened = await openPlace({});
  const { fake, services, place, ledger } = opened;
  const spec = await installGuestSpec(opened, 'volumes');
  const guest = await place.createGuest(spec);
  await guest.start();
  const [medium] = ledger.now.filter(({ kind, ref }) => {
    return kind === 'volume' && spec.disk.ref !== `volume:${ref}`;
  });
  fake.on('DELETE', `${volumes}/volumes/:id`, ({ params }) => {
    const volume = services.volumes.get(params.id ?? '');
    if (volume) volume.status = 'error_deleting';
    return { status: 202 };
  });
  services.powerOff();
  await expect.poll(() => guest.state()).toBe('stopped');
  expect(await guest.takeDisk()).toMatchObject({ ref: spec.disk.ref });
  await guest.destroy();
  expect(ledger.now).toContainEqual(medium);
});

it('keeps the new image where the old one can not be removed', async () => {
  const opened = await openPlace();
  const { fake, services, place } = opened;
  const disk = await place.createDisk({ path: 'disk', format: 'qcow2', size: gib });
  services.images.set('old', { id: 'old', status: 'active', protected: true });
  fake.on('DELETE', '/image/v2/images/old', { status: 403, text: 'Image old is protected' });
  const entry: CatalogueEntry = {
    ...{ name: 'web', hardware, minDisk: gib, minRam: 256, replaces: 'old' },
    os: { distro: 'debian', version: '13', type: 'linux' },
  };
  const published = await place.publish?.(disk, entry);
  expect(published?.warning).toMatch(/^the old image old stays beside the new one: .*is protected/);
  expect(services.images.get(published?.id ?? '')).toMatchObject({ name: 'web' });
});

it.each([
  ['has no flavor with a disk', { flavors: [{ ...smallFlavor, disk: 0 }] }],
  ['has none with so large a disk', { flavors: [smallFlavor] }],
  ['wants volumes', { settings: { strategy: 'volumes' } }],
])('works on a finished image from a volume where the cloud %s', async (_, opening) => {
  const { place, services } = await openPlace(opening);
  const image = { id: 'finished', name: 'web', status: 'active', disk_format: 'qcow2' };
  services.images.set('finished', { ...image, min_disk: 7, virtual_size: 6 * gib });
  const disk = await place.published?.('finished');
  if (!disk) throw new Error('there is no disk');
  const guest = await place.createGuest({ ...guestSpec('web'), hardware, disk });
  await guest.start();
  const [volume] = [...services.volumes.values()];
  expect(volume).toMatchObject({ imageRef: 'finished', size: 7, status: 'in-use' });
  expect(services.server()).not.toHaveProperty('imageRef');
  expect(services.server().block_device_mapping_v2).toMatchObject([{ uuid: volume?.id }]);

  await guest.stop({ graceMs: 0 });
  const changed = await guest.takeDisk();
  const published = await place.publish?.(changed, {
    ...{ name: 'web', hardware, minDisk: changed.size, minRam: 256, replaces: 'finished' },
    os: { distro: 'debian', version: '13', type: 'linux' },
  });
  expect(services.images.get(published?.id ?? '')).toMatchObject({ name: 'web', min_disk: 7 });
  expect(services.images.has('finished')).toBe(false);
});

it('keeps an image that this user may not show to others, and the old one beside it', async () => {
  const opened = await openPlace({ settings: { image_visibility: 'public' } });
  const { fake, services, place } = opened;
  const disk = await place.createDisk({ path: 'disk', format: 'qcow2', size: gib });
  services.images.set('old', { id: 'old', status: 'active', visibility: 'public' });
  const { id } = [...services.images.values()][0] ?? {};
  fake.on('PATCH', `/image/v2/images/${id}`, ({ json }) => {
    const operations = json as { op: string; path: string; value?: unknown }[];
    if (operations.some(({ path, value }) => path === '/visibility' && value === 'public')) {
      return { status: 403, text: 'You are not authorized to complete publicize_image action.' };
    }
    const image = services.images.get(String(id)) ?? {};
    for (const { path, value } of operations) image[path.slice(1)] = value;
    return { json: image };
  });
  const published = await place.publish?.(disk, {
    ...{ name: 'web', hardware, minDisk: gib, minRam: 256, replaces: 'old' },
    os: { distro: 'debian', version: '13', type: 'linux' },
  });
  expect(published?.warning).toMatch(
    /^the image is not public: .*publicize_image.*; the old image old stays beside it$/,
  );
  expect(services.images.get(String(id))).toMatchObject({ name: 'web', os_distro: 'debian' });
  expect(services.images.has('old')).toBe(true);
});
