/** Clouds that keep what is deleted, and clouds that can't show what they should. */
import { expect, it } from 'vitest';
import type { StopEvent } from '../../../backends/backend.ts';
import { placeName } from '../../../backends/openstack/site.ts';
import { delay } from '../../../src/base/abort.ts';
import { installGuestSpec, openPlace } from './opened.ts';

const servers = '/compute/v2.1/servers';

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
