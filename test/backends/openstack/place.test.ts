/** The OpenStack backend against services with a memory: what goes well, what does not. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import type { StopEvent } from '../../../backends/backend.ts';
import { thisMaker } from '../../../backends/openstack/maker.ts';
import type { LedgerEntry } from '../../../src/base/ledger-entry.ts';
import { fakeProject } from '../../fakes/fake-cloud.ts';
import { guestSpec, hardware } from '../../fakes/specs.ts';
import { gib, installGuestSpec, openPlace, smallIso, stageText } from './opened.ts';
import { failureOf } from './services/open.ts';
import { net, smallFlavor, subnet } from './working-cloud.ts';

it('tells what a cloud can do without making anything', async () => {
  const { place, fake } = await openPlace();
  expect(await place.capabilities()).toMatchObject({
    kernelBoot: true,
    devices: ['cdrom', 'floppy', 'usb'],
    maxMedia: 3,
    activity: { disk: false, network: false },
    hostAddress: null,
    strategies: [
      { name: 'direct', possible: true },
      { name: 'volumes', possible: true },
      { name: 'rescue', possible: true },
    ],
    userData: { maxBytes: 49149, url: expect.stringContaining('169.254.169.254') },
    sshReachable: { reachable: false, reason: expect.stringContaining('not on network inside') },
  });
  await place.capabilities();
  expect(fake.requests.every(({ method }) => method === 'GET')).toBe(true);
  expect(fake.requests.filter(({ path: at }) => at.endsWith('/flavors/detail'))).toHaveLength(1);
});

it.each([
  ['none, in a Neutron without groups', [], { reachable: true, reason: 'by a floating IP of out' }],
  [
    'one that lets nothing in',
    [{ id: 'g', name: 'default', project_id: 'p', security_group_rules: [] }],
    { reachable: false, reason: 'security group default lets no SSH in' },
  ],
])('asks security groups whether SSH gets in: %s', async (_, groups, expected) => {
  const inside = { ...net, shared: false, project_id: fakeProject, port_security_enabled: true };
  const out = { ...net, id: 'net-2', name: 'out', 'router:external': true };
  const { place } = await openPlace({
    networks: [inside, out],
    groups,
    settings: { floating_ip_pool: 'out' },
  });
  expect((await place.capabilities()).sshReachable).toEqual(expected);
});

it('does without Cinder and Neutron', async () => {
  const opened = await openPlace({ cloud: { without: ['block-storage', 'network'] } });
  const { place, services } = opened;
  const capabilities = await place.capabilities();
  expect(capabilities).toMatchObject({
    ...{ devices: ['cdrom'], maxMedia: 1, userData: { url: null } },
    sshReachable: { reachable: false },
  });
  expect(capabilities.strategies?.find(({ name }) => name === 'volumes')).toEqual({
    ...{ name: 'volumes', possible: false },
    reason: 'the cloud has no volumes (Cinder)',
  });
  const guest = await place.createGuest(await installGuestSpec(opened, 'direct'));
  await guest.start();
  expect(services.server()).toMatchObject({ networks: 'none' });
});

it('keeps volumes for those that have room for them', async () => {
  const { place } = await openPlace({ quota: { maxTotalVolumes: 3, totalVolumesUsed: 2 } });
  const { strategies } = await place.capabilities();
  expect(strategies?.[1]).toMatchObject({
    ...{ name: 'volumes', possible: false },
    reason: 'the quota has room for 1 more volumes',
  });
});

it('needs a flavor with a disk to do without volumes', async () => {
  const { place } = await openPlace({ flavors: [{ ...smallFlavor, disk: 0 }] });
  const possible = (await place.capabilities()).strategies?.map((one) => one.possible);
  expect(possible).toEqual([false, true, false]);
});

it('tells how large guests and volumes may be', async () => {
  const offered = async (settings?: Record<string, string>) => {
    const quota = { maxTotalRAMSize: 6000, totalRAMUsed: 0 };
    const { place } = await openPlace({ quota, ...(settings && { settings }) });
    const { strategies = [], largest } = await place.capabilities();
    return { direct: strategies[0], volumes: strategies[1], largest };
  };
  const [small, large] = [
    { name: 'small', memory: 1024, disk: 5 * gib },
    { name: 'large', memory: 8192, disk: 40 * gib },
  ];
  const any = { memory: Number.POSITIVE_INFINITY };
  expect(await offered()).toMatchObject({
    direct: { sizes: [small] },
    volumes: { volumes: { count: 10, bytes: 100 * gib } },
    largest: { memory: 1024, cpus: 1 },
  });
  expect(await offered({ flavor: 'small' })).toMatchObject({
    direct: { sizes: [{ ...small, ...any }] },
    largest: { memory: 1024, cpus: 1 },
  });
  // No flavor of such a size is within the quota: that is said in words of its own.
  expect((await offered({ min_ram: '2000' })).direct).toMatchObject({
    sizes: [{ ...large, ...any }],
  });
});

it('counts the floating IPs that are left before it relies on one', async () => {
  const out = { ...net, id: 'net-2', name: 'out', 'router:external': true };
  const { place, fake } = await openPlace({
    networks: [{ ...net, shared: false }, out],
    settings: { floating_ip_pool: 'out' },
  });
  fake.on('GET', '/network/v2.0/quotas/:project/details', {
    json: { quota: { port: { limit: -1, used: 0 }, floatingip: { limit: 5, used: 5 } } },
  });
  expect((await place.capabilities()).sshReachable).toEqual({
    ...{ reachable: false, reason: 'the quota has room for no more floating IPs' },
  });
});

it('refuses what is bound to fail before anything is made', async () => {
  const { place } = await openPlace({ quota: { maxTotalInstances: 2, totalInstancesUsed: 2 } });
  expect(await failureOf(place.check(hardware))).toMatchObject({
    code: 'OZ_CLOUD_QUOTA',
    message: expect.stringContaining('servers: 1 needed, 0 left'),
  });
  const named = await openPlace({ settings: { network: 'outside' } });
  expect(await failureOf(named.place.capabilities())).toMatchObject({
    code: 'OZ_CLOUD_NETWORK',
    hint: 'set network in [openstack] to one of inside',
  });
});

it('says what it will use', async () => {
  const { place } = await openPlace({ settings: { flavor: 'large' } });
  expect((await place.check(hardware)).summary).toMatch(
    /^cloud 127\.0\.0\.1\/[\w-]+\/demo\/[\w-]+, flavor large, network inside$/,
  );
});

it('sends a file once, and finds it again by its content', async () => {
  const opened = await openPlace();
  const { fake, services, place, ledger } = opened;
  const first = await stageText(opened, 'installer', smallIso());
  const again = await stageText(opened, 'installer', smallIso());
  expect(again.ref).toBe(first.ref);
  expect(fake.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
  expect(ledger.now).toEqual([]);
  expect(await place.staged?.()).toMatchObject([{ size: 40960, entry: { ref: first.ref } }]);

  // Whoever has changed the bytes behind our mark gets no build with them.
  const image = services.images.get(first.ref);
  if (image) image.os_hash_value = 'another';
  expect((await stageText(opened, 'installer', smallIso())).ref).not.toBe(first.ref);
});

it('keeps what holds answers for this build alone', async () => {
  const opened = await openPlace();
  const { place, ledger, dir } = opened;
  const initrd = await stageText(opened, 'initrd', 'with answers in it');
  const answer = await stageText(opened, 'answer', smallIso());
  const file = path.join(dir, 'installer.bin');
  await stageText(opened, 'installer', smallIso());
  const copy = await place.stage({ role: 'installer', path: file, label: 'copy', private: true });
  expect(ledger.now.map(({ ref }) => ref)).toEqual([copy.ref, answer.ref, initrd.ref]);
  expect(await place.staged?.()).toHaveLength(1);
});

it('removes what a dead run has begun to send, and only that', async () => {
  const opened = await openPlace();
  const { services, place } = opened;
  const image = (id: string, fields: object) =>
    services.images.set(id, {
      id,
      status: 'saving',
      created_at: new Date().toISOString(),
      ...fields,
    });
  const living = thisMaker();
  image('dead', { ozma_build_id: 'x', ozma_maker: living.replace(/\d+$/, '1') });
  image('elsewhere', { ozma_build_id: 'x', ozma_maker: 'other.example:1:1' });
  image('alive', { ozma_build_id: 'x', ozma_maker: living });
  image('foreign', {});
  image('old', {
    ...{ ozma_build_id: 'x', ozma_maker: 'other.example:1:1', created_at: '2020-01-01T00:00:00Z' },
  });
  expect((await place.staged?.())?.map(({ name, entry }) => [name, entry.ref])).toEqual([
    [expect.stringContaining('dead, unfinished ('), 'dead'],
    [expect.stringContaining('old, unfinished ('), 'old'],
  ]);
  await stageText(opened, 'kernel', 'a kernel');
  expect([...services.images.keys()].slice(0, 3)).toEqual(['elsewhere', 'alive', 'foreign']);
  expect(services.images.size).toBe(4);
});

it('goes on beside what a dead run has left and nobody may remove', async () => {
  const opened = await openPlace();
  const { fake, services, log } = opened;
  services.images.set('old', {
    ...{ id: 'old', status: 'saving', created_at: '2020-01-01T00:00:00Z', ozma_build_id: 'x' },
  });
  fake.on('DELETE', '/image/v2/images/old', { status: 403, text: 'Image old is protected' });
  const { ref } = await stageText(opened, 'kernel', 'a kernel');
  expect([...services.images.keys()]).toEqual(['old', ref]);
  expect(log.join('\n')).toContain('is protected');
});

it('makes a blank disk anew that Glance lost half-way', async () => {
  const { fake, services, place, ledger } = await openPlace();
  fake.on('PUT', '/image/v2/images/:id/file', ({ params, body }) => {
    const image = services.images.get(params.id ?? '') ?? {};
    image.status = 'killed';
    fake.on('PUT', '/image/v2/images/:id/file', (again) => {
      const second = services.images.get(again.params.id ?? '') ?? {};
      Object.assign(second, { status: 'active', size: body.length });
      return { status: 204 };
    });
    return { drop: true };
  });
  const disk = await place.createDisk({ path: 'disk', format: 'qcow2', size: gib });
  expect([...services.images.keys()].map((id) => `image:${id}`)).toEqual([disk.ref]);
  expect(ledger.now.map(({ ref }) => `image:${ref}`)).toEqual([disk.ref]);
});

it('lets Glance fetch what it can, and sends what it cannot', async () => {
  const opened = await openPlace({ importMethods: ['glance-direct', 'web-download'] });
  const { fake, services, place, dir, ledger } = opened;
  const { writeFile } = await import('node:fs/promises');
  const { createHash, getHashes } = await import('node:crypto');
  const file = path.join(dir, 'installer.iso');
  await writeFile(file, smallIso());
  let served = smallIso();
  let algorithm = 'sha512';
  fake.on('POST', '/image/v2/images/:id/import', ({ params }) => {
    const image = services.images.get(params.id ?? '');
    if (!image) return { status: 404 };
    const known = getHashes().includes(algorithm);
    Object.assign(image, {
      status: 'active',
      size: served.length,
      os_hash_algo: algorithm,
      os_hash_value: known ? createHash(algorithm).update(served).digest('hex') : 'unknown',
    });
    return { status: 202 };
  });
  const medium = {
    role: 'installer',
    path: file,
    label: 'i',
    url: 'http://example.org/i.iso',
  } as const;
  await place.stage(medium);
  expect(fake.requests.some(({ method }) => method === 'PUT')).toBe(false);

  services.images.clear();
  served = Buffer.from('a page that says sorry');
  const { ref } = await place.stage(medium);
  expect(services.images.size).toBe(1);
  expect(services.images.get(ref)?.size).toBe(40960);

  // A query may be somebody's right to fetch it.
  services.images.clear();
  served = smallIso();
  const imports = () =>
    fake.requests.filter(({ method, path: at }) => method === 'POST' && at.endsWith('/import'))
      .length;
  const before = imports();
  await place.stage({ ...medium, url: `${medium.url}?signature=secret` });
  expect(imports()).toBe(before);

  // What Glance will not let go of yet is no reason to fail: the ledger has it.
  services.images.clear();
  served = Buffer.from('a page that says sorry');
  fake.on('DELETE', '/image/v2/images/:id', { status: 409, text: 'it is being imported' });
  const { ref: sent } = await place.stage(medium);
  expect([...services.images.keys()]).toEqual([ledger.now[0]?.ref, sent]);
  fake.on('DELETE', '/image/v2/images/:id', ({ params }) => {
    services.images.delete(params.id ?? '');
    return { status: 204 };
  });

  // Every Glance may have an algorithm of its own; what can't be compared is not trusted.
  for (algorithm of ['sha256', 'gost']) {
    services.images.clear();
    served = Buffer.from(smallIso()).fill('x', 0, 1);
    const { ref: other } = await place.stage(medium);
    expect([...services.images.keys()]).toEqual([other]);
    expect(services.images.get(other)).toMatchObject({ os_hash_algo: 'sha512' });
  }
  services.images.clear();
  algorithm = 'sha256';
  served = smallIso();
  const { ref: fetched } = await place.stage(medium);
  expect(services.images.get(fetched)).toMatchObject({ os_hash_algo: 'sha256' });
});

it('passes an ISO on as it comes, for one build', async () => {
  const opened = await openPlace({ importMethods: ['web-download'] });
  const { fake, services, place, ledger } = opened;
  const { Readable } = await import('node:stream');
  const { createHash } = await import('node:crypto');
  const bytes = smallIso();
  const iso = {
    ...({ role: 'installer', label: 'test installer' } as const),
    ...{ url: 'http://example.org/x.iso', size: bytes.length, open: () => Readable.from([bytes]) },
  };
  const imports = () =>
    fake.requests.filter(({ method, path: at }) => method === 'POST' && at.endsWith('/import'))
      .length;
  const sent = await place.pass?.(iso);
  expect(services.images.get(sent?.ref ?? '')).toMatchObject({
    ...{ status: 'active', disk_format: 'iso', size: bytes.length, data: bytes },
  });
  expect(imports()).toBe(0);
  expect(await place.staged?.()).toEqual([]);

  // The TDL's checksum tells whether Glance has fetched the right one.
  fake.on('POST', '/image/v2/images/:id/import', ({ params }) => {
    Object.assign(services.images.get(params.id ?? '') ?? {}, {
      ...{ status: 'active', size: bytes.length, os_hash_algo: 'sha512' },
      os_hash_value: createHash('sha512').update(bytes).digest('hex'),
    });
    return { status: 202 };
  });
  const digest = createHash('sha512').update(bytes).digest('hex');
  const fetched = await place.pass?.({ ...iso, expect: { type: 'sha512', digest } });
  expect(imports()).toBe(1);
  expect(services.images.get(fetched?.ref ?? '')).not.toHaveProperty('data');
  const other = await place.pass?.({ ...iso, expect: { type: 'sha512', digest: '00' } });
  expect(services.images.get(other?.ref ?? '')).toHaveProperty('data');
  expect(ledger.now.map(({ ref }) => ref)).toEqual([other?.ref, fetched?.ref, sent?.ref]);
});

it('ends a start with the words of Nova', async () => {
  const opened = await openPlace();
  const { place, services, ledger } = opened;
  const guest = await place.createGuest(await installGuestSpec(opened, 'direct'));
  services.faultOfNext = 'No valid host was found. There are not enough hosts available.';
  expect(await failureOf(guest.start())).toMatchObject({
    code: 'OZ_CLOUD_SERVER',
    message: expect.stringMatching(/^Cannot start guest web: No valid host was found/),
    hint: expect.stringContaining('try another flavor'),
  });
  expect(JSON.parse((await guest.describe()).text)).toMatchObject({
    server: { fault: { message: expect.stringContaining('No valid host') } },
  });
  for (const entry of ledger.now) await place.remove(entry);
  expect(services.left()).toMatchObject({ images: 1, servers: 0 });
  expect(ledger.now).toEqual([]);
});

async function runningGuest(opened: Awaited<ReturnType<typeof openPlace>>) {
  const guest = await opened.place.createGuest(await installGuestSpec(opened, 'direct'));
  const stopped = new Promise<StopEvent>((resolve) => guest.onStop(resolve));
  await guest.start();
  return { guest, stopped };
}

it('notices a server that fails, or that somebody deletes', async () => {
  const opened = await openPlace();
  const { services } = opened;
  const first = await runningGuest(opened);
  Object.assign(services.server(), {
    status: 'ERROR',
    fault: { code: 500, message: 'the host died' },
  });
  expect(await first.stopped).toEqual({ reason: 'failed', detail: 'the host died' });
  expect(await first.guest.state()).toBe('error');
  const second = await runningGuest(opened);
  services.servers.delete(services.server().id);
  expect(await second.stopped).toMatchObject({ reason: 'destroyed' });
});

it('counts a guest as stopped that is off, though Nova has not got round to it', async () => {
  const opened = await openPlace();
  const { stopped, guest } = await runningGuest(opened);
  opened.services.server()['OS-EXT-STS:power_state'] = 4;
  expect(await stopped).toEqual({ reason: 'shutdown' });
  await guest.takeDisk();
});

it('gathers the console, and asks for diagnostics no more once they are denied', async () => {
  const opened = await openPlace();
  const { services, fake } = opened;
  services.console = 'first line\n';
  const { guest } = await runningGuest(opened);
  await vi.waitFor(async () => expect((await guest.console())?.tail).toBe('first line\n'));
  services.console = 'first line\nsecond line\n';
  await vi.waitFor(async () => expect((await guest.console())?.size).toBe(23));
  expect(await guest.activity()).toBeNull();
  expect(fake.requests.filter(({ path: at }) => at.includes('diagnostics'))).toHaveLength(1);
  const file = path.join(opened.dir, 'console.log');
  expect(await readFile(file, 'utf8')).toBe('first line\nsecond line\n');
});

it('describes what went wrong with a server step by step', async () => {
  const opened = await openPlace();
  const { guest } = await runningGuest(opened);
  const at = '/compute/v2.1/servers/:id/os-instance-actions';
  opened.fake.on('GET', at, {
    json: {
      instanceActions: [
        { action: 'stop', request_id: 'req-2', start_time: 't', message: null },
        { action: 'create', request_id: 'req-1', start_time: 't', message: 'Error' },
      ],
    },
  });
  const details = 'unsupported configuration: IDE controllers are unsupported';
  const events = [{ event: 'compute__do_build_and_run_instance', result: 'Error', details }];
  opened.fake.on('GET', `${at}/req-1`, { json: { instanceAction: { events } } });
  const { actions } = JSON.parse((await guest.describe()).text);
  expect(actions).toMatchObject([{ action: 'stop' }, { action: 'create', events }]);
  expect(actions[0]).not.toHaveProperty('events');
});

it('takes the last words of a guest whose server fails', async () => {
  const opened = await openPlace();
  const { services } = opened;
  services.console = 'first line\n';
  const { guest, stopped } = await runningGuest(opened);
  await vi.waitFor(async () => expect((await guest.console())?.tail).toBe('first line\n'));
  services.console = 'first line\nmachine check\n';
  Object.assign(services.server(), { status: 'ERROR', fault: { code: 500, message: 'broken' } });
  expect(await stopped).toEqual({ reason: 'failed', detail: 'broken' });
  expect((await guest.console())?.tail).toBe('first line\nmachine check\n');
});

it('says with which commands a server is looked at, and all is removed', async () => {
  const opened = await openPlace();
  const { place, services } = opened;
  const guest = await place.createGuest(await installGuestSpec(opened, 'direct'));
  expect((await guest.watch?.())?.commands).toEqual([]);
  await guest.start();
  const { id } = services.server();
  expect((await guest.watch?.())?.commands).toEqual([
    `openstack console url show ${id}`,
    `openstack console log show ${id}`,
  ]);
  const entry = { place: 'openstack', kind: 'server', ref: String(id) } as const;
  expect(await place.removal?.(entry)).toBe(`openstack server delete ${id}`);
  expect(await place.removal?.({ ...entry, kind: 'floating-ip' })).toBe(
    `openstack floating ip delete ${id}`,
  );
  expect(await place.removal?.({ ...entry, ref: 'tag:1' })).toBeNull();
});

it('counts activity where diagnostics are allowed', async () => {
  const opened = await openPlace();
  opened.services.diagnostics = {
    disk_details: [{ read_requests: 3, write_requests: 4, read_bytes: 1, write_bytes: 9 }],
    nic_details: [{ rx_octets: 10, tx_octets: 20 }],
  };
  const { guest } = await runningGuest(opened);
  await vi.waitFor(async () =>
    expect(await guest.activity()).toEqual({
      ...{ diskRequests: 7, networkBytes: 30, bytesWritten: 9, sampled: true },
    }),
  );
});

it('sends at most twelve requests in a minute of waiting', async () => {
  // A hundredth of the usual pace: 600 ms here are a minute.
  const opened = await openPlace({ waiting: 60 });
  opened.services.diagnostics = { disk_details: [], nic_details: [] };
  const { guest } = await runningGuest(opened);
  opened.fake.requests.length = 0;
  const begin = performance.now();
  while (performance.now() - begin < 1800) {
    await Promise.all([guest.state(), guest.activity(), guest.console()]);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const minutes = (performance.now() - begin) / 600;
  expect(opened.fake.requests.length / minutes).toBeLessThanOrEqual(12);
  expect(opened.fake.requests.length).toBeGreaterThan(3);
});

it('makes a floating IP for SSH, and gives it back', async () => {
  const pool = { ...net, id: 'ext-1', name: 'public', 'router:external': true };
  const opened = await openPlace({
    networks: [net, pool],
    settings: { floating_ip_pool: 'public', network: 'inside' },
  });
  const { services } = opened;
  const { guest } = await runningGuest(opened);
  expect(await guest.address()).toEqual({ host: '203.0.113.9', port: 22 });
  expect(await guest.address()).toEqual({ host: '203.0.113.9', port: 22 });
  expect(services.left().floatingIps).toBe(1);
  await guest.destroy();
  expect(services.left()).toMatchObject({ floatingIps: 0, servers: 0 });
});

it('leads through a bastion', async () => {
  const opened = await openPlace({ settings: { bastion: 'me@jump.example' } });
  const { guest } = await runningGuest(opened);
  expect(await guest.address()).toEqual({
    ...{ host: '198.51.100.7', port: 22 },
    bastion: { user: 'me', host: 'jump.example', port: 22 },
  });
});

it('shows no user data in its description', async () => {
  const opened = await openPlace();
  const spec = await installGuestSpec(opened, 'direct', { userData: 'rootpw secret' });
  const guest = await opened.place.createGuest(spec);
  await guest.start();
  expect(opened.services.server().user_data).toBe(Buffer.from('rootpw secret').toString('base64'));
  const { file, text } = await guest.describe();
  expect(file).toBe('server.json');
  expect(text).not.toContain(Buffer.from('rootpw secret').toString('base64'));
});

it('goes on with the same server when an installer on volumes restarts', async () => {
  const opened = await openPlace();
  const { place, services } = opened;
  const guest = await place.createGuest(await installGuestSpec(opened, 'volumes'));
  const stops: StopEvent[] = [];
  guest.onStop((event) => stops.push(event));
  await guest.start();
  services.powerOff();
  await vi.waitFor(() => expect(stops).toHaveLength(1));
  await guest.start({ boot: { kind: 'disk' } });
  expect(services.servers.size).toBe(1);
  expect(services.server().status).toBe('ACTIVE');
  services.powerOff();
  await vi.waitFor(() => expect(stops).toHaveLength(2));
});

const done = (action: string, user_id: string | null, minute: number) => ({
  ...{ action, user_id, request_id: `req-${action}`, message: null },
  start_time: `2026-01-01T00:0${minute}:00.000000`,
});

it.each<[string, ReturnType<typeof done>[], StopEvent['reason']]>([
  [
    'Nova stops what went off by itself',
    [done('stop', null, 5), done('create', 'me', 1)],
    'shutdown',
  ],
  ['an operator stops it', [done('stop', 'root', 5), done('create', 'me', 1)], 'destroyed'],
  ['an operator shelves it', [done('create', 'me', 1), done('shelve', 'root', 5)], 'destroyed'],
  [
    'an operator moved it to another host before',
    [done('live-migration', 'root', 5), done('create', 'me', 1)],
    'shutdown',
  ],
  ['it was stopped before this run', [done('start', 'me', 5), done('stop', 'root', 3)], 'shutdown'],
])('tells who ended a guest: %s', async (_, actions, reason) => {
  const opened = await openPlace();
  const { services, fake } = opened;
  const { stopped, guest } = await runningGuest(opened);
  services.actions = actions;
  services.powerOff();
  const stop = await stopped;
  expect(stop.reason).toBe(reason);
  if (reason === 'destroyed') expect(stop.detail).toMatch(/operator.*by user root/);
  expect(fake.requests.filter(({ path: at }) => at.includes('instance-actions'))).toHaveLength(1);
  await guest.destroy();
});

it('believes a power-off where Nova does not tell who wanted it', async () => {
  const opened = await openPlace();
  opened.fake.on('GET', '/compute/v2.1/servers/:id/os-instance-actions', { status: 403 });
  const { stopped } = await runningGuest(opened);
  opened.services.powerOff();
  expect(await stopped).toEqual({ reason: 'shutdown' });
});

it('stops a guest on request', async () => {
  const opened = await openPlace();
  const { guest, stopped } = await runningGuest(opened);
  await expect(guest.takeDisk()).rejects.toMatchObject({ code: 'OZ_GUEST_RUNNING' });
  await guest.stop({ graceMs: 100 });
  expect(await stopped).toEqual({ reason: 'shutdown' });
});

it('copies volumes, and needs no copy of an image', async () => {
  const { place, services } = await openPlace();
  const spec = { path: '/x', format: 'qcow2', size: 2 * gib };
  const image = await place.createDisk(spec);
  expect((await place.createDisk({ ...spec, from: image.ref })).ref).toBe(image.ref);
  const volume = await place.createDisk({ ...spec, strategy: 'volumes' });
  const copy = await place.createDisk({ ...spec, from: volume.ref });
  expect(copy.ref).not.toBe(volume.ref);
  expect(services.volumes.get(copy.ref.slice(7))).toMatchObject({
    source_volid: volume.ref.slice(7),
    size: 2,
  });
});

it('brings a disk here, whatever it is in the cloud', async () => {
  const opened = await openPlace();
  const { place, services, dir, ledger } = opened;
  const target = path.join(dir, 'out.qcow2');
  const volume = await place.createDisk({
    path: '/x',
    format: 'raw',
    size: gib,
    strategy: 'volumes',
  });
  const guest = await place.createGuest({ ...guestSpec('web'), disk: volume });
  await guest.exportDisk(target, 'qcow2');
  expect(await readFile(target, 'utf8')).toBe('the bytes of a volume');
  expect(services.images.size).toBe(0);

  const { guest: other, stopped } = await runningGuest(opened);
  services.powerOff();
  await stopped;
  const disk = await other.takeDisk();
  await other.exportDisk(target, 'qcow2');
  expect(await readFile(target, 'utf8')).toBe('the disk of web');
  expect(disk.size).toBe(5 * gib);
  expect(ledger.now.map(({ kind }) => kind)).toEqual(['image', 'image', 'volume']);
});

it('brings it here also where what it was read from stays behind', async () => {
  const { place, services, dir, fake, ledger } = await openPlace();
  const target = path.join(dir, 'out.qcow2');
  const spec = { path: '/x', format: 'raw', size: gib, strategy: 'volumes' } as const;
  const disk = await place.createDisk(spec);
  const guest = await place.createGuest({ ...guestSpec('web'), disk });
  fake.on('DELETE', '/image/v2/images/:id', { status: 409, text: 'in use' });
  await guest.exportDisk(target, 'qcow2');
  expect(await readFile(target, 'utf8')).toBe('the bytes of a volume');
  const [left] = [...services.images.keys()];
  expect(ledger.now.map(({ kind, ref }) => (kind === 'image' ? ref : kind))).toEqual([
    left,
    'volume',
  ]);
});

it.each([
  ['as it is', 'raw'],
  ['converted', 'qcow2'],
])('hands out no damaged disk, %s', async (_, format) => {
  const opened = await openPlace();
  const { guest, stopped } = await runningGuest(opened);
  const { services, dir } = opened;
  services.powerOff();
  await stopped;
  const disk = await guest.takeDisk();
  const image = services.images.get(disk.ref.slice('image:'.length));
  if (!image) throw new Error(`there is no image ${disk.ref}`);
  Object.assign(image, { disk_format: 'raw', os_hash_algo: 'sha512', os_hash_value: '00' });
  const before = await readdir(dir);
  await expect(guest.exportDisk(path.join(dir, 'out'), format)).rejects.toMatchObject({
    code: 'OZ_CLOUD_CORRUPT',
  });
  expect(await readdir(dir)).toEqual(before);
});

it.each([
  ['for all of a compact disk', 'qcow2', 'OZ_NO_SPACE'],
  ['for no emptiness of a raw one', 'raw', 'OZ_CLOUD_UNREACHABLE'],
])('asks for room %s', async (_, format, code) => {
  const opened = await openPlace();
  const { guest, stopped } = await runningGuest(opened);
  const { services, dir } = opened;
  services.powerOff();
  await stopped;
  const { ref } = await guest.takeDisk();
  const image = services.images.get(ref.slice('image:'.length));
  Object.assign(image ?? {}, { disk_format: format, size: 2 ** 60 });
  // The fake sends less than it says: a raw one is begun all the same.
  const failure = await failureOf(guest.exportDisk(path.join(dir, 'out'), format));
  expect(failure.code).toBe(code);
});

it('finds and removes the results of an earlier build of that name', async () => {
  const { place, services } = await openPlace();
  const image = (id: string, fields: object) =>
    services.images.set(id, {
      id,
      status: 'active',
      owner: '9fa0c41ad3f94e8d9d4f0f7e0e2f8a11',
      ...fields,
    });
  image('result', { name: 'web', ozma_result: 'web' });
  image('foreign', { name: 'web' });
  const server = {
    status: 'ACTIVE',
    'OS-EXT-STS:power_state': 1,
    'OS-EXT-STS:task_state': null,
    'OS-EXT-STS:vm_state': 'active',
  };
  services.servers.set('ours', {
    ...server,
    id: 'ours',
    name: 'web',
    metadata: { ozma_build_id: 'x' },
  });
  services.servers.set('theirs', { ...server, id: 'theirs', name: 'web', metadata: {} });
  expect(await place.existing('web', '/nowhere/web.dsk')).toEqual([
    { kind: 'guest', name: 'web (ours)' },
    { kind: 'disk', name: 'web (image result)' },
  ]);
  await place.clear('web', '/nowhere/web.dsk');
  expect([...services.servers.keys(), ...services.images.keys()]).toEqual(['theirs', 'foreign']);
});

it('removes by its tag what a killed run was about to make', async () => {
  const opened = await openPlace();
  const { place, services, ledger } = opened;
  await runningGuest(opened);
  await place.createDisk({ path: '/x', format: 'raw', size: gib, strategy: 'volumes' });
  const tagged = ledger.ever.filter(({ ref }) => ref.startsWith('tag:'));
  expect(tagged.map(({ kind }) => kind)).toEqual(['server', 'volume']);
  expect(ledger.now.some(({ ref }) => ref.startsWith('tag:'))).toBe(false);
  for (const entry of tagged) await place.remove(entry);
  expect(services.left()).toMatchObject({ servers: 0, volumes: 0 });

  const foreign: LedgerEntry = { place: 'openstack', kind: 'server', ref: 'x', at: 'other/demo' };
  expect(await failureOf(place.remove(foreign))).toMatchObject({ code: 'OZ_CLOUD_PLACE' });
});

it('shows the server that it would make', async () => {
  const { place, fake } = await openPlace();
  await place.capabilities();
  fake.requests.length = 0;
  const medium = (role: 'kernel' | 'initrd') => ({ role, ref: role, label: role });
  const { text, chosen } = await place.planServer({
    ...guestSpec('web'),
    disk: { ref: '/x/web.qcow2', format: 'qcow2', size: gib },
    boot: { kind: 'kernel', kernel: medium('kernel'), initrd: medium('initrd'), cmdline: 'auto' },
    strategy: 'direct',
  });
  expect(JSON.parse(text)).toMatchObject({
    server: { name: 'web', flavorRef: 'f1', imageRef: 'DISK', networks: [{ uuid: 'net-1' }] },
    disk: { kernel_id: 'kernel', ramdisk_id: 'initrd', os_command_line: 'auto' },
  });
  expect(Object.fromEntries(chosen)).toMatchObject({ network: 'inside' });
  expect(fake.requests).toEqual([]);
});

it('knows an address of this machine when guests reach it', async () => {
  const { networkInterfaces } = await import('node:os');
  const own = Object.values(networkInterfaces())
    .flat()
    .find((one) => one && one.family === 'IPv4' && !one.internal);
  if (!own?.cidr) return expect(own).toBeUndefined(); // a machine without a network
  const [address = '', length = ''] = own.cidr.split('/');
  const near = { ...subnet, cidr: `${address}/${length}`, gateway_ip: null };
  const shared = await openPlace({ subnets: [near] });
  expect((await shared.place.capabilities()).hostAddress).not.toBeNull();
  // The same range in a network of one's own proves nothing.
  const tenant = { ...net, shared: false, project_id: fakeProject };
  const alone = await openPlace({ subnets: [near], networks: [tenant] });
  expect((await alone.place.capabilities()).hostAddress).toBeNull();
});

it('keeps volumes beside the disk of a server that starts a kernel', async () => {
  const opened = await openPlace();
  const { place, services } = opened;
  const spec = await installGuestSpec(opened, 'direct');
  spec.media.push({ ...(await stageText(opened, 'installer', smallIso())), device: 'cdrom' });
  const guest = await place.createGuest(spec);
  await guest.start();
  const root = spec.disk.ref.slice('image:'.length);
  expect(services.server()).toMatchObject({
    imageRef: root,
    block_device_mapping_v2: [
      { boot_index: 0, source_type: 'image', destination_type: 'local', uuid: root },
      { boot_index: -1, source_type: 'volume', device_type: 'cdrom' },
    ],
  });
  await guest.destroy();
  expect(services.left()).toMatchObject({ servers: 0, volumes: 0 });
});
