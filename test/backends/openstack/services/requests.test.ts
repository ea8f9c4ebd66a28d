import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Cloud } from '../../../../backends/openstack/services/types.ts';
import { fakeProject } from '../../../fakes/fake-cloud.ts';
import { opened } from './open.ts';

const golden = new URL('../../../golden/openstack/requests.json', import.meta.url);

const image = {
  id: 'img-1',
  name: 'debian',
  status: 'active',
  visibility: 'private',
  size: 10,
  virtual_size: null,
  disk_format: 'qcow2',
  container_format: 'bare',
  min_disk: 2,
  min_ram: 512,
  os_hash_algo: 'sha512',
  os_hash_value: 'abc',
  checksum: 'def',
  protected: false,
  owner: fakeProject,
  tags: ['ozma'],
  created_at: '2026-01-02T03:04:05Z',
  updated_at: '2026-01-02T03:04:06Z',
  schema: '/v2/schemas/image',
  self: '/v2/images/img-1',
  file: '/v2/images/img-1/file',
  kernel_id: 'k-1',
  os_glance_stage_host: 'http://glance',
  hw_disk_bus: 'virtio',
};
const server = {
  id: 's-1',
  name: 'web',
  status: 'ERROR',
  'OS-EXT-STS:vm_state': 'error',
  'OS-EXT-STS:task_state': null,
  'OS-EXT-STS:power_state': 4,
  fault: { code: 500, message: 'No valid host was found.', created: '2026-01-02T03:04:05Z' },
  addresses: {
    net: [
      {
        addr: '172.24.4.7',
        version: 4,
        'OS-EXT-IPS:type': 'fixed',
        'OS-EXT-IPS-MAC:mac_addr': 'fa:16:3e:00:00:01',
      },
    ],
  },
  metadata: { ozma_build_id: 'b1' },
  image: { id: 'img-1' },
  key_name: null,
  'os-extended-volumes:volumes_attached': [{ id: 'v-1' }],
  created: '2026-01-02T03:04:05Z',
  user_data: 'c2VjcmV0',
  adminPass: 'hush',
};
const volume = {
  id: 'v-1',
  name: 'disk',
  status: 'available',
  size: 10,
  bootable: 'true',
  encrypted: false,
  volume_type: 'fast',
  availability_zone: 'nova',
  metadata: { ozma_build_id: 'b1' },
  volume_image_metadata: { kernel_id: 'k-1' },
  attachments: [],
  created_at: '2026-01-02T03:04:05',
};
const port = {
  id: 'p-1',
  name: 'p',
  network_id: 'n-1',
  device_id: '',
  device_owner: '',
  status: 'DOWN',
  mac_address: 'fa:16:3e:00:00:02',
  fixed_ips: [{ subnet_id: 'sn-1', ip_address: '172.24.4.8' }],
  security_groups: ['g-1'],
};

const nova = '/compute/v2.1';
const cinder = `/volume/v3/${fakeProject}`;
const neutron = '/network/v2.0';

/** What the services answer. */
const answers: [string, string, unknown, number?][] = [
  ['GET', '/identity/v3/auth/projects', { projects: [{ id: '1', name: 'web', enabled: true }] }],

  ['POST', '/image/v2/images', { ...image, status: 'queued', size: null }, 201],
  ['GET', '/image/v2/images/:id', image],
  ['GET', '/image/v2/images', { images: [image] }],
  ['PATCH', '/image/v2/images/:id', image],
  ['DELETE', '/image/v2/images/:id', undefined, 204],
  [
    'GET',
    '/image/v2/info/import',
    { 'import-methods': { value: ['glance-direct', 'web-download'] } },
  ],
  ['GET', '/image/v2/info/stores', { stores: [{ id: 'file', default: 'true' }] }],
  ['POST', '/image/v2/images/:id/import', {}, 202],
  ['GET', '/image/v2/images/:id/tasks', { tasks: [{ id: 't', status: 'success', message: '' }] }],

  [
    'GET',
    `${nova}/flavors/detail`,
    {
      flavors: [
        {
          id: '1',
          name: 'm1.small',
          vcpus: 1,
          ram: 2048,
          disk: 20,
          'OS-FLV-EXT-DATA:ephemeral': 0,
          'os-flavor-access:is_public': true,
          extra_specs: { 'hw:cpu_policy': 'shared' },
        },
      ],
    },
  ],
  [
    'GET',
    `${nova}/os-availability-zone`,
    { availabilityZoneInfo: [{ zoneName: 'nova', zoneState: { available: true } }] },
  ],
  [
    'GET',
    `${nova}/limits`,
    {
      limits: {
        absolute: {
          maxTotalInstances: 10,
          totalInstancesUsed: 1,
          maxTotalCores: -1,
          totalCoresUsed: 2,
          maxTotalRAMSize: 51200,
          totalRAMUsed: 512,
          maxServerMeta: 128,
          maxTotalKeypairs: 100,
        },
      },
    },
  ],
  ['POST', `${nova}/servers`, { server: { id: 's-1', adminPass: 'hush' } }, 202],
  ['GET', `${nova}/servers/:id`, { server }],
  ['GET', `${nova}/servers/detail`, { servers: [server] }],
  ['DELETE', `${nova}/servers/:id`, undefined, 204],
  ['POST', `${nova}/servers/:id/metadata`, { metadata: {} }],
  [
    'GET',
    `${nova}/servers/:id/diagnostics`,
    {
      disk_details: [
        { read_requests: 3, write_requests: 4, read_bytes: 30, write_bytes: 40 },
        { read_requests: 1, write_requests: null, read_bytes: 5, write_bytes: 0 },
      ],
      nic_details: [{ rx_octets: 100, tx_octets: 20 }],
    },
  ],
  [
    'POST',
    `${nova}/servers/:id/remote-consoles`,
    { remote_console: { protocol: 'vnc', type: 'novnc', url: 'http://vnc/?token=1' } },
  ],
  [
    'GET',
    `${nova}/servers/:id/os-instance-actions`,
    {
      instanceActions: [
        { action: 'create', request_id: 'req-1', start_time: '2026', message: 'Error' },
      ],
    },
  ],
  [
    'GET',
    `${nova}/servers/:id/os-instance-actions/:req`,
    {
      instanceAction: {
        events: [{ event: 'compute__do_build', result: 'Error', details: 'no host' }],
      },
    },
  ],
  [
    'GET',
    `${nova}/servers/:id/os-volume_attachments`,
    { volumeAttachments: [{ volumeId: 'v-1', serverId: 's-1', device: '/dev/vda' }] },
  ],
  [
    'POST',
    `${nova}/servers/:id/os-volume_attachments`,
    { volumeAttachment: { volumeId: 'v-1', serverId: 's-1', device: '/dev/vdb' } },
  ],
  ['DELETE', `${nova}/servers/:id/os-volume_attachments/:v`, undefined, 202],
  ['GET', `${nova}/os-keypairs/:name`, { keypair: { name: 'k', fingerprint: 'aa:bb' } }],
  ['GET', `${nova}/os-keypairs`, { keypairs: [{ keypair: { name: 'k', fingerprint: 'aa:bb' } }] }],
  ['POST', `${nova}/os-keypairs`, { keypair: { name: 'k', fingerprint: 'aa:bb' } }],
  ['DELETE', `${nova}/os-keypairs/:name`, undefined, 202],

  ['POST', `${cinder}/volumes`, { volume: { ...volume, status: 'creating' } }, 202],
  ['GET', `${cinder}/volumes/:id`, { volume }],
  ['GET', `${cinder}/volumes/detail`, { volumes: [volume] }],
  ['DELETE', `${cinder}/volumes/:id`, undefined, 202],
  ['POST', `${cinder}/volumes/:id/metadata`, { metadata: {} }],
  [
    'POST',
    `${cinder}/volumes/:id/action`,
    { 'os-volume_upload_image': { image_id: 'img-2' } },
    202,
  ],
  [
    'GET',
    `${cinder}/limits`,
    {
      limits: {
        absolute: {
          maxTotalVolumes: 10,
          totalVolumesUsed: 2,
          maxTotalVolumeGigabytes: 1000,
          totalGigabytesUsed: 12,
        },
      },
    },
  ],
  ['GET', `${cinder}/types`, { volume_types: [{ id: 't-1', name: 'fast', is_public: true }] }],
  ['GET', `${cinder}/messages`, { messages: [{ resource_uuid: 'v-1', user_message: 'no space' }] }],

  ['GET', `${neutron}/extensions`, { extensions: [{ alias: 'router' }] }],
  [
    'GET',
    `${neutron}/networks`,
    {
      networks: [
        {
          id: 'n-1',
          name: 'net',
          status: 'ACTIVE',
          admin_state_up: true,
          shared: true,
          'router:external': false,
          project_id: 'x',
          subnets: ['sn-1'],
          mtu: 1500,
        },
      ],
    },
  ],
  ['GET', `${neutron}/networks/:id`, { network: { id: 'n-1', name: 'net' } }],
  [
    'GET',
    `${neutron}/subnets`,
    {
      subnets: [
        {
          id: 'sn-1',
          name: 's',
          network_id: 'n-1',
          ip_version: 4,
          cidr: '172.24.4.0/24',
          gateway_ip: null,
          enable_dhcp: true,
          dns_nameservers: [],
        },
      ],
    },
  ],
  ['GET', `${neutron}/ports`, { ports: [port] }],
  ['GET', `${neutron}/ports/:id`, { port }],
  ['POST', `${neutron}/ports`, { port }, 201],
  ['DELETE', `${neutron}/ports/:id`, undefined, 204],
  [
    'GET',
    `${neutron}/security-groups`,
    {
      security_groups: [
        {
          id: 'g-1',
          name: 'default',
          project_id: fakeProject,
          security_group_rules: [
            {
              direction: 'ingress',
              ethertype: 'IPv4',
              protocol: 'tcp',
              port_range_min: 22,
              port_range_max: 22,
              remote_ip_prefix: '0.0.0.0/0',
              remote_group_id: null,
            },
          ],
        },
      ],
    },
  ],
  ['GET', `${neutron}/floatingips`, { floatingips: [] }],
  [
    'POST',
    `${neutron}/floatingips`,
    {
      floatingip: {
        id: 'f-1',
        floating_ip_address: '203.0.113.9',
        status: 'DOWN',
        floating_network_id: 'ext',
        port_id: 'p-1',
        fixed_ip_address: '172.24.4.8',
        description: 'd',
      },
    },
    201,
  ],
  ['DELETE', `${neutron}/floatingips/:id`, undefined, 204],
  [
    'GET',
    `${neutron}/quotas/:p/details`,
    {
      quota: {
        port: { limit: 500, used: 3, reserved: 0 },
        floatingip: { limit: -1, used: 0, reserved: 0 },
      },
    },
  ],
];

/** Every function of every client, with all that can be said to it. */
const calls: Record<string, (cloud: Cloud) => Promise<unknown>> = {
  'keystone.projects': (c) => c.keystone.projects(),
  'glance.createImage': (c) =>
    c.glance.createImage({
      id: '11111111-2222-3333-4444-555555555555',
      name: 'installer',
      diskFormat: 'iso',
      containerFormat: 'bare',
      minDisk: 1,
      minRam: 256,
      protected: false,
      tags: ['ozma'],
      properties: { ozma_sha256: 'abc', os_glance_import_task: 'not to be sent' },
    }),
  'glance.image': (c) => c.glance.image('img-1'),
  'glance.images': (c) =>
    c.glance.images({
      name: 'a, b',
      status: 'active',
      properties: { ozma_sha256: 'abc' },
      hash: 'abc',
      mine: true,
      limit: 5,
    }),
  'glance.changeImage': (c) =>
    c.glance.changeImage('img-1', {
      name: 'new',
      min_disk: 4,
      kernel_id: null,
      ramdisk_id: null,
      hw_disk_bus: 'virtio',
      os_distro: 'debian',
      'a/b~c': 'x',
      os_glance_stage_host: null,
    }),
  'glance.deleteImage': (c) => c.glance.deleteImage('img-1'),
  'glance.importMethods': (c) => c.glance.importMethods(),
  'glance.stores': (c) => c.glance.stores(),
  'glance.importFromUrl': (c) =>
    c.glance.importFromUrl('img-1', 'https://mirror.example/a.iso', { stores: ['file'] }),
  'glance.imageTasks': (c) => c.glance.imageTasks('img-1'),
  'glance.waitForImage': (c) => c.glance.waitForImage('img-1'),

  'nova.flavors': (c) => c.nova.flavors(),
  'nova.availabilityZones': (c) => c.nova.availabilityZones(),
  'nova.limits': (c) => c.nova.limits(),
  'nova.createServer': (c) =>
    c.nova.createServer({ name: 'web', flavorRef: '1', imageRef: 'img-1', networks: 'none' }),
  'nova.createServer as told': (c) => c.nova.createServer({ name: 'w' }, { microversion: '2.90' }),
  'nova.server': (c) => c.nova.server('s-1'),
  'nova.servers': (c) => c.nova.servers({ name: 'web', metadata: { ozma_build_id: 'b1' } }),
  'nova.servers of another build': (c) => c.nova.servers({ metadata: { ozma_build_id: 'b2' } }),
  'nova.deleteServer': (c) => c.nova.deleteServer('s-1'),
  'nova.forceDeleteServer': (c) => c.nova.forceDeleteServer('s-1'),
  'nova.setServerMetadata': (c) => c.nova.setServerMetadata('s-1', { a: 'b' }),
  'nova.startServer': (c) => c.nova.startServer('s-1'),
  'nova.stopServer': (c) => c.nova.stopServer('s-1'),
  'nova.rebootServer': (c) => c.nova.rebootServer('s-1', 'HARD'),
  'nova.createImage': (c) => c.nova.createImage('s-1', { name: 'shot', metadata: { a: 'b' } }),
  'nova.rescueServer': (c) => c.nova.rescueServer('s-1', { imageId: 'img-1', volumeBacked: true }),
  'nova.unrescueServer': (c) => c.nova.unrescueServer('s-1'),
  'nova.diagnostics': (c) => c.nova.diagnostics('s-1'),
  'nova.consoleOutput': (c) => c.nova.consoleOutput('s-1', { lines: 50 }),
  'nova.remoteConsole': (c) => c.nova.remoteConsole('s-1'),
  'nova.instanceActions': (c) => c.nova.instanceActions('s-1'),
  'nova.instanceEvents': (c) => c.nova.instanceEvents('s-1', 'req-1'),
  'nova.volumeAttachments': (c) => c.nova.volumeAttachments('s-1'),
  'nova.attachVolume': (c) => c.nova.attachVolume('s-1', 'v-1'),
  'nova.detachVolume': (c) => c.nova.detachVolume('s-1', 'v-1'),
  'nova.keypair': (c) => c.nova.keypair('my key'),
  'nova.keypairs': (c) => c.nova.keypairs(),
  'nova.importKeypair': (c) => c.nova.importKeypair({ name: 'k', publicKey: 'ssh-rsa AAA' }),
  'nova.deleteKeypair': (c) => c.nova.deleteKeypair('k'),

  'cinder.createVolume': async (c) =>
    c.cinder?.createVolume({
      name: 'disk',
      size: 10,
      metadata: { ozma_build_id: 'b1' },
      imageId: 'img-1',
      type: 'fast',
      availabilityZone: 'nova',
      description: 'd',
    }),
  'cinder.volume': async (c) => c.cinder?.volume('v-1'),
  'cinder.volumes': async (c) => c.cinder?.volumes({ name: 'disk', status: 'available' }),
  'cinder.deleteVolume': async (c) => c.cinder?.deleteVolume('v-1'),
  'cinder.setVolumeMetadata': async (c) => c.cinder?.setVolumeMetadata('v-1', { a: 'b' }),
  'cinder.setBootable': async (c) => c.cinder?.setBootable('v-1', true),
  'cinder.setImageMetadata': async (c) => c.cinder?.setImageMetadata('v-1', { kernel_id: 'k' }),
  'cinder.unsetImageMetadata': async (c) => c.cinder?.unsetImageMetadata('v-1', 'kernel_id'),
  'cinder.uploadToImage': async (c) =>
    c.cinder?.uploadToImage('v-1', { name: 'i', diskFormat: 'qcow2', visibility: 'private' }),
  'cinder.limits': async (c) => c.cinder?.limits(),
  'cinder.availabilityZones': async (c) => c.cinder?.availabilityZones(),
  'cinder.volumeTypes': async (c) => c.cinder?.volumeTypes(),
  'cinder.messages': async (c) => c.cinder?.messages('v-1'),

  'neutron.extensions': async (c) => c.neutron?.extensions(),
  'neutron.networks': async (c) => c.neutron?.networks({ name: 'net', external: false }),
  'neutron.network': async (c) => c.neutron?.network('n-1'),
  'neutron.subnets': async (c) => c.neutron?.subnets({ networkId: 'n-1' }),
  'neutron.ports': async (c) => c.neutron?.ports({ deviceId: 's-1' }),
  'neutron.port': async (c) => c.neutron?.port('p-1'),
  'neutron.createPort': async (c) =>
    c.neutron?.createPort({ networkId: 'n-1', name: 'p', securityGroupIds: ['g-1'] }),
  'neutron.deletePort': async (c) => c.neutron?.deletePort('p-1'),
  'neutron.securityGroups': async (c) => c.neutron?.securityGroups({ name: 'default' }),
  'neutron.floatingIps': async (c) => c.neutron?.floatingIps({ description: 'b1' }),
  'neutron.createFloatingIp': async (c) =>
    c.neutron?.createFloatingIp({ networkId: 'ext', portId: 'p-1', description: 'b1' }),
  'neutron.deleteFloatingIp': async (c) => c.neutron?.deleteFloatingIp('f-1'),
  'neutron.limits': async (c) => c.neutron?.limits(),
};

test('every call sends the request that the golden file has, and reads its answer', async () => {
  const { fake, cloud } = await opened();
  for (const [method, path, json, status] of answers)
    fake.on(method, path, { json, ...(status ? { status } : {}) });
  fake.on('POST', `${nova}/servers/:id/action`, ({ json }) => {
    const body = json as Record<string, unknown>;
    if ('createImage' in body) return { status: 202, json: { image_id: 'img-3' } };
    if ('os-getConsoleOutput' in body) return { json: { output: 'login: ' } };
    return { status: 202 };
  });
  const seen: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(calls)) {
    fake.requests.length = 0;
    const result = await call(cloud);
    seen[name] = { requests: [...fake.requests], ...(result === undefined ? {} : { result }) };
  }
  const text = `${JSON.stringify(seen, null, 2)}\n`;
  expect(text).not.toContain('hush');
  expect(text).not.toContain('c2VjcmV0');
  if (process.env.OZMA_UPDATE_GOLDEN) writeFileSync(golden, text);
  expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(golden, 'utf8')));
});

test('no function of the clients is forgotten above', async () => {
  const { cloud } = await opened();
  const services = ['keystone', 'glance', 'nova', 'cinder', 'neutron'] as const;
  const functions = services.flatMap((service) =>
    Object.entries(cloud[service] ?? {})
      .filter(([, value]) => typeof value === 'function')
      .map(([name]) => `${service}.${name}`),
  );
  const elsewhere = ['glance.upload', 'glance.download', 'nova.supports', 'cinder.supports'];
  const covered = new Set([...Object.keys(calls).map((name) => name.split(' ')[0]), ...elsewhere]);
  expect(functions.filter((name) => !covered.has(name))).toEqual([]);
});
