/** Requests that make something and break off: nothing of it is left behind. */
import { expect, it } from 'vitest';
import { gib, installGuestSpec, type OpenedPlace, openPlace } from './opened.ts';

const servers = '/compute/v2.1/servers';
const nothing = { images: 1, servers: 0, volumes: 0, floatingIps: 0 };

function addServer({ services }: OpenedPlace, id: string, json: unknown): void {
  services.servers.set(id, {
    ...(json as { server: Record<string, unknown> }).server,
    ...{ id, status: 'ACTIVE', 'OS-EXT-STS:power_state': 1 },
    ...{ 'OS-EXT-STS:task_state': null, 'OS-EXT-STS:vm_state': 'active' },
  });
}

async function clear({ place, ledger }: OpenedPlace): Promise<void> {
  for (const entry of [...ledger.now]) await place.remove(entry);
  expect(ledger.now).toEqual([]);
}

const openedGuest = async (opened: OpenedPlace) =>
  opened.place.createGuest(await installGuestSpec(opened, 'direct'));

it('hears a request out when all is to end, for the id in its answer', async () => {
  const opened = await openPlace();
  const guest = await openedGuest(opened);
  const ending = new AbortController();
  opened.fake.on('POST', servers, async ({ json }) => {
    ending.abort(new Error('Ctrl-C'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    addServer(opened, 'late', json);
    return { status: 202, json: { server: { id: 'late' } } };
  });
  await expect(guest.start({ signal: ending.signal })).rejects.toThrow('Ctrl-C');
  expect(opened.ledger.now[0]).toMatchObject({ kind: 'server', ref: 'late' });
  await clear(opened);
  expect(opened.services.left()).toEqual(nothing);
});

it('does not wait for ever for it', async () => {
  const opened = await openPlace();
  const guest = await openedGuest(opened);
  const ending = new AbortController();
  opened.fake.on('POST', servers, async ({ json }) => {
    ending.abort(new Error('Ctrl-C'));
    await new Promise((resolve) => setTimeout(resolve, 3000));
    addServer(opened, 'late', json);
    return { status: 202, json: { server: { id: 'late' } } };
  });
  const began = performance.now();
  await expect(guest.start({ signal: ending.signal })).rejects.toThrow('Ctrl-C');
  expect(performance.now() - began).toBeLessThan(2900);
  expect(opened.ledger.now[0]).toMatchObject({ ref: expect.stringMatching(/^tag:/) });
  await expect.poll(() => opened.services.left().servers, { timeout: 10_000 }).toBe(1);
  await clear(opened);
  expect(opened.services.left()).toEqual(nothing);
});

it('hears out an image, too, which could come after it was deleted', async () => {
  const { fake, place } = await openPlace();
  const ending = new AbortController();
  fake.on('POST', '/image/v2/images', async () => {
    ending.abort(new Error('Ctrl-C'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { status: 201, json: { id: 'i' } };
  });
  const began = performance.now();
  const spec = { path: 'disk', format: 'qcow2', size: gib } as const;
  await expect(place.createDisk(spec, { signal: ending.signal })).rejects.toThrow('Ctrl-C');
  expect(performance.now() - began).toBeGreaterThan(95);
});

it('finds what comes after it was given up', async () => {
  const opened = await openPlace();
  const guest = await openedGuest(opened);
  let asked: unknown;
  opened.fake.on('POST', servers, ({ json }) => {
    asked = json;
    return { status: 504 };
  });
  await expect(guest.start()).rejects.toMatchObject({ code: 'OZ_CLOUD_UNREACHABLE' });
  const cleared = clear(opened);
  // The gateway has given it up, Nova has not.
  setTimeout(() => addServer(opened, 'late', asked), 15);
  await cleared;
  expect(opened.services.left()).toEqual(nothing);
});

it('finds the first that comes after the second was made', async () => {
  const opened = await openPlace();
  const guest = await openedGuest(opened);
  let asked: unknown;
  opened.fake.on(
    'POST',
    servers,
    ({ json }) => {
      asked = json;
      return { status: 504 };
    },
    ({ json }) => {
      addServer(opened, 'second', json);
      return { status: 202, json: { server: { id: 'second' } } };
    },
  );
  await guest.start();
  addServer(opened, 'first', asked);
  await guest.destroy();
  expect([...opened.services.servers.keys()]).toEqual(['first']);
  await clear(opened);
  expect(opened.services.left()).toEqual(nothing);
});

it('keeps no tag of what was made at once', async () => {
  const opened = await openPlace();
  const guest = await openedGuest(opened);
  await guest.start();
  expect(opened.ledger.now.filter(({ ref }) => ref.startsWith('tag:'))).toEqual([]);
  await guest.destroy();
});
