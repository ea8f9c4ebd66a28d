/**
 * Services with a memory, on top of the fake cloud's HTTP: images, servers and
 * volumes that are made, change and go as in a real cloud, at once. What a
 * guest does is said by the test.
 */
import { createHash } from 'node:crypto';
import {
  type FakeCloud,
  type FakeReply,
  type FakeRequest,
  fakeProject,
} from '../../fakes/fake-cloud.ts';

type Json = Record<string, unknown>;

export interface FakeServer extends Json {
  id: string;
  status: string;
  'OS-EXT-STS:power_state': number;
  'OS-EXT-STS:task_state': string | null;
  'OS-EXT-STS:vm_state': string;
}

export interface WorkingCloud {
  images: Map<string, Json & { data?: Buffer }>;
  servers: Map<string, FakeServer>;
  volumes: Map<string, Json>;
  floatingIps: Map<string, Json>;
  /** The newest server. */
  server(): FakeServer;
  /** It powers off by itself. */
  powerOff(server?: FakeServer): void;
  /** What was done to the servers, the newest first. */
  actions: Json[];
  /** What new servers end as. */
  faultOfNext: string | null;
  console: string;
  /** Null: not allowed. */
  diagnostics: Json | null;
  /** Everything that is left. */
  left(): { images: number; servers: number; volumes: number; floatingIps: number };
}

export interface Setting {
  flavors?: Json[];
  networks?: Json[];
  subnets?: Json[];
  groups?: Json[];
  quota?: Json;
  importMethods?: string[];
}

export const smallFlavor = {
  id: 'f1',
  name: 'small',
  vcpus: 1,
  ram: 1024,
  disk: 5,
  'OS-FLV-EXT-DATA:ephemeral': 0,
  'os-flavor-access:is_public': true,
  'OS-FLV-DISABLED:disabled': false,
};
export const largeFlavor = {
  ...smallFlavor,
  id: 'f2',
  name: 'large',
  vcpus: 4,
  ram: 8192,
  disk: 40,
};
export const net = {
  id: 'net-1',
  name: 'inside',
  status: 'ACTIVE',
  admin_state_up: true,
  shared: true,
  'router:external': false,
  project_id: 'another',
  subnets: ['subnet-1'],
  mtu: 1500,
  port_security_enabled: false,
};
export const subnet = {
  id: 'subnet-1',
  name: 'sub',
  network_id: 'net-1',
  ip_version: 4,
  cidr: '198.51.100.0/24',
  gateway_ip: '198.51.100.1',
  enable_dhcp: true,
  dns_nameservers: [],
};

const gone: FakeReply = {
  status: 404,
  json: { itemNotFound: { code: 404, message: 'not found' } },
};
const stamp = '2026-01-01T00:00:00Z';
const conflict = (message: string): FakeReply => ({
  status: 409,
  json: { conflictingRequest: { code: 409, message } },
});

/** Applies Glance's JSON patch of top-level fields. */
function patch(image: Json, operations: { op: string; path: string; value?: unknown }[]): void {
  for (const { op, path, value } of operations) {
    const name = path.slice(1);
    if (op === 'remove') delete image[name];
    else image[name] = value;
  }
}

export function workingCloud(fake: FakeCloud, setting: Setting = {}): WorkingCloud {
  const images: WorkingCloud['images'] = new Map();
  const servers: WorkingCloud['servers'] = new Map();
  const volumes: WorkingCloud['volumes'] = new Map();
  const floatingIps: WorkingCloud['floatingIps'] = new Map();
  let counter = 0;
  const nextId = (what: string) =>
    `00000000-0000-4000-8000-${createHash('sha256').update(`${what}${++counter}`).digest('hex').slice(0, 12)}`;
  const volume = `/volume/v3/${fakeProject}`;
  const compute = '/compute/v2.1';
  const absolute = {
    maxTotalInstances: 10,
    totalInstancesUsed: 0,
    maxTotalCores: 20,
    totalCoresUsed: 0,
    maxTotalRAMSize: 51200,
    totalRAMUsed: 0,
    maxServerMeta: 128,
    ...setting.quota,
  };

  const cloud: WorkingCloud = {
    images,
    servers,
    volumes,
    floatingIps,
    server() {
      const last = [...servers.values()].at(-1);
      if (!last) throw new Error('there is no server');
      return last;
    },
    powerOff(server = cloud.server()) {
      server['OS-EXT-STS:power_state'] = 4;
      if (server.status === 'RESCUE') return;
      server.status = 'SHUTOFF';
      server['OS-EXT-STS:vm_state'] = 'stopped';
    },
    actions: [],
    faultOfNext: null,
    console: '',
    diagnostics: null,
    left: () => ({
      images: images.size,
      servers: servers.size,
      volumes: volumes.size,
      floatingIps: floatingIps.size,
    }),
  };

  const shown = ({ data: _, ...image }: Json & { data?: Buffer }) => image;

  function addImage(fields: Json, data?: Buffer): Json & { data?: Buffer } {
    const id = (fields.id as string | undefined) ?? nextId('image');
    const image = {
      id,
      status: 'queued',
      owner: fakeProject,
      size: null,
      virtual_size: null,
      tags: [],
      min_disk: 0,
      min_ram: 0,
      protected: false,
      created_at: stamp,
      updated_at: stamp,
      ...fields,
    };
    images.set(id, image);
    if (data) fill(image, data);
    return image;
  }

  function fill(image: Json & { data?: Buffer }, data: Buffer): void {
    image.data = data;
    image.status = 'active';
    image.size = data.length;
    image.os_hash_algo = 'sha512';
    image.os_hash_value = createHash('sha512').update(data).digest('hex');
  }

  // ---- Glance
  fake.on('POST', '/image/v2/images', ({ json }) => ({
    status: 201,
    json: shown(addImage(json as Json)),
  }));
  fake.on('GET', '/image/v2/images', ({ query }) => {
    const { owner: _o, limit: _l, marker: _m, sort: _s, ...wanted } = query;
    const found = [...images.values()].filter((image) =>
      Object.entries(wanted).every(
        ([key, value]) => key.startsWith('sort') || image[key] === value,
      ),
    );
    return { json: { images: found.map(shown) } };
  });
  fake.on('GET', '/image/v2/images/:id', ({ params }) => {
    const image = images.get(params.id ?? '');
    return image ? { json: shown(image) } : gone;
  });
  fake.on('PATCH', '/image/v2/images/:id', ({ params, json }) => {
    const image = images.get(params.id ?? '');
    if (!image) return gone;
    patch(image, json as { op: string; path: string }[]);
    return { json: shown(image) };
  });
  fake.on('PUT', '/image/v2/images/:id/file', ({ params, body }) => {
    const image = images.get(params.id ?? '');
    if (!image) return gone;
    fill(image, body);
    return { status: 204 };
  });
  fake.on('GET', '/image/v2/images/:id/file', ({ params }) => {
    const image = images.get(params.id ?? '');
    return image?.data ? { body: image.data } : gone;
  });
  fake.on('DELETE', '/image/v2/images/:id', ({ params }) =>
    images.delete(params.id ?? '') ? { status: 204 } : gone,
  );
  fake.on('GET', '/image/v2/info/import', {
    json: { 'import-methods': { value: setting.importMethods ?? [] } },
  });
  fake.on('GET', '/image/v2/images/:id/tasks', { json: { tasks: [] } });

  // ---- Nova
  fake.on('GET', `${compute}/flavors/detail`, {
    json: { flavors: setting.flavors ?? [smallFlavor, largeFlavor] },
  });
  fake.on('GET', `${compute}/limits`, { json: { limits: { absolute } } });
  fake.on('POST', `${compute}/servers`, ({ json }) => {
    const body = (json as { server: Json }).server;
    const id = nextId('server');
    const failed = cloud.faultOfNext;
    servers.set(id, {
      ...body,
      id,
      status: failed === null ? 'ACTIVE' : 'ERROR',
      metadata: body.metadata,
      addresses: {
        inside: [
          {
            addr: '198.51.100.7',
            version: 4,
            'OS-EXT-IPS:type': 'fixed',
            'OS-EXT-IPS-MAC:mac_addr': 'fa:16:3e:00:00:01',
          },
        ],
      },
      created: stamp,
      'OS-EXT-STS:power_state': failed === null ? 1 : 0,
      'OS-EXT-STS:task_state': null,
      'OS-EXT-STS:vm_state': failed === null ? 'active' : 'error',
      ...(failed === null ? {} : { fault: { code: 500, message: failed } }),
    });
    for (const mapping of (body.block_device_mapping_v2 as Json[] | undefined) ?? []) {
      const used = volumes.get(String(mapping.uuid));
      if (used) used.status = 'in-use';
    }
    return { status: 202, json: { server: { id } } };
  });
  fake.on('GET', `${compute}/servers/:id`, ({ params }) => {
    const server = servers.get(params.id ?? '');
    return server ? { json: { server } } : gone;
  });
  fake.on('DELETE', `${compute}/servers/:id`, ({ params }) => {
    const server = servers.get(params.id ?? '');
    if (!server) return gone;
    servers.delete(server.id);
    for (const mapping of (server.block_device_mapping_v2 as Json[] | undefined) ?? []) {
      const used = volumes.get(String(mapping.uuid));
      if (used) used.status = 'available';
    }
    return { status: 204 };
  });
  const become = (server: FakeServer, status: string, vm: string, power: number): FakeReply => {
    server.status = status;
    server['OS-EXT-STS:vm_state'] = vm;
    server['OS-EXT-STS:power_state'] = power;
    return { status: 202 };
  };
  const actions: Record<string, (server: FakeServer, value: unknown) => FakeReply> = {
    'os-start': (server) => become(server, 'ACTIVE', 'active', 1),
    'os-stop': (server) =>
      server.status === 'ACTIVE'
        ? become(server, 'SHUTOFF', 'stopped', 4)
        : conflict('it is stopped'),
    rescue: (server) => become(server, 'RESCUE', 'rescued', 1),
    unrescue: (server) => become(server, 'ACTIVE', 'active', 1),
    createImage(server, value) {
      if (!['ACTIVE', 'SHUTOFF'].includes(server.status)) return conflict(`it is ${server.status}`);
      const { name, metadata } = value as { name: string; metadata: Json };
      const root = images.get(String(server.imageRef)) ?? {};
      const inherited = Object.entries(root).filter(([key]) =>
        /^(hw_|os_command|kernel_id|ramdisk_id)/.test(key),
      );
      const image = addImage(
        {
          name,
          disk_format: 'qcow2',
          container_format: 'bare',
          visibility: 'private',
          ...Object.fromEntries(inherited),
          image_type: 'snapshot',
          base_image_ref: server.imageRef,
          instance_uuid: server.id,
          user_id: 'u',
          image_state: 'available',
          owner_project_name: 'demo',
          os_glance_importing_to_stores: 'x',
          ...metadata,
        },
        Buffer.from(`the disk of ${String(server.name)}`),
      );
      image.virtual_size = 5 * 1024 ** 3;
      return { status: 202, json: { image_id: image.id } };
    },
    'os-getConsoleOutput': (server) =>
      server['OS-EXT-STS:power_state'] === 1 ? { json: { output: cloud.console } } : gone,
  };
  fake.on('POST', `${compute}/servers/:id/action`, ({ params, json }) => {
    const server = servers.get(params.id ?? '');
    const [name, value] = Object.entries(json as Json)[0] ?? [];
    if (!server) return gone;
    return actions[name ?? '']?.(server, value) ?? { status: 400 };
  });
  fake.on('GET', `${compute}/servers/:id/diagnostics`, () =>
    cloud.diagnostics
      ? { json: cloud.diagnostics }
      : { status: 403, json: { forbidden: { code: 403, message: "Policy doesn't allow it" } } },
  );
  fake.on('GET', `${compute}/servers/:id/os-instance-actions`, () => ({
    json: { instanceActions: cloud.actions },
  }));

  // ---- Cinder
  fake.on('GET', `${volume}/limits`, {
    json: {
      limits: {
        absolute: {
          maxTotalVolumes: 10,
          totalVolumesUsed: 0,
          maxTotalVolumeGigabytes: 100,
          totalGigabytesUsed: 0,
          ...setting.quota,
        },
      },
    },
  });
  fake.on('POST', `${volume}/volumes`, ({ json }) => {
    const id = nextId('volume');
    const { volume: wanted } = json as { volume: Json };
    const made = {
      ...wanted,
      id,
      status: 'available',
      bootable: 'false',
      attachments: [],
      created_at: stamp,
    };
    volumes.set(id, made);
    return { status: 202, json: { volume: made } };
  });
  fake.on('GET', `${volume}/volumes/:id`, ({ params }) => {
    const found = volumes.get(params.id ?? '');
    return found ? { json: { volume: found } } : gone;
  });
  fake.on('DELETE', `${volume}/volumes/:id`, ({ params }) => {
    const found = volumes.get(params.id ?? '');
    if (!found) return gone;
    if (found.status !== 'available')
      return { status: 400, json: { badRequest: { code: 400, message: 'in use' } } };
    volumes.delete(String(found.id));
    return { status: 202 };
  });
  fake.on('POST', `${volume}/volumes/:id/action`, ({ params, json }: FakeRequest) => {
    const found = volumes.get(params.id ?? '');
    const [name, value] = Object.entries(json as Json)[0] ?? [];
    if (!found) return gone;
    if (name === 'os-set_image_metadata') {
      found.volume_image_metadata = {
        ...(found.volume_image_metadata as Json | undefined),
        ...((value as Json).metadata as Json),
      };
    }
    if (name !== 'os-volume_upload_image') return { status: 200, json: {} };
    const { image_name, disk_format } = value as Json;
    const image = addImage(
      {
        name: image_name,
        disk_format,
        container_format: 'bare',
        ...(found.volume_image_metadata as Json),
      },
      Buffer.from('the bytes of a volume'),
    );
    return { status: 202, json: { 'os-volume_upload_image': { image_id: image.id } } };
  });

  // Later routes win: `detail` is no id.
  fake.on('GET', `${compute}/servers/detail`, () => ({ json: { servers: [...servers.values()] } }));
  fake.on('GET', `${volume}/volumes/detail`, () => ({ json: { volumes: [...volumes.values()] } }));

  // ---- Neutron
  const network = '/network/v2.0';
  fake.on('GET', `${network}/networks`, ({ query }) => ({
    json: {
      networks: (setting.networks ?? [net]).filter(
        (one) =>
          query['router:external'] === undefined ||
          String(one['router:external']) === query['router:external'].toLowerCase(),
      ),
    },
  }));
  fake.on('GET', `${network}/subnets`, { json: { subnets: setting.subnets ?? [subnet] } });
  fake.on('GET', `${network}/security-groups`, { json: { security_groups: setting.groups ?? [] } });
  fake.on('GET', `${network}/ports`, ({ query }) => ({
    json: {
      ports: [
        {
          id: 'port-1',
          name: '',
          network_id: 'net-1',
          device_id: query.device_id ?? '',
          mac_address: 'fa:16:3e:00:00:01',
          status: 'ACTIVE',
          fixed_ips: [{ subnet_id: 'subnet-1', ip_address: '198.51.100.7' }],
        },
      ],
    },
  }));
  fake.on('GET', `${network}/quotas/:project/details`, {
    json: { quota: { port: { limit: -1, used: 1 }, floatingip: { limit: 5, used: 0 } } },
  });
  fake.on('GET', `${network}/floatingips`, () => ({
    json: { floatingips: [...floatingIps.values()] },
  }));
  fake.on('POST', `${network}/floatingips`, ({ json }) => {
    const id = nextId('ip');
    const ip = {
      ...(json as { floatingip: Json }).floatingip,
      id,
      floating_ip_address: '203.0.113.9',
      status: 'ACTIVE',
    };
    floatingIps.set(id, ip);
    return { status: 201, json: { floatingip: ip } };
  });
  fake.on('DELETE', `${network}/floatingips/:id`, ({ params }) =>
    floatingIps.delete(params.id ?? '') ? { status: 204 } : gone,
  );
  return cloud;
}
