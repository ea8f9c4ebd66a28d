/** What the cloud is filled with: accounts, endpoints, flavors, a network; made once, kept after. */
import { setTimeout as sleep } from 'node:timers/promises';
import { OzError } from '../../../src/base/errors.ts';
import { type CloudApi, signIn } from './cloud-api.ts';
import {
  type FlatNetwork,
  network,
  password,
  poorRegions,
  publicNetwork,
  region,
  url,
} from './layout.ts';

const identity = `${url('identity')}/v3`;

/** Id of the thing of this name; makes it where there is none. */
async function ensure(
  api: CloudApi,
  kind: string,
  plural: string,
  name: string,
  body: object = {},
): Promise<string> {
  const found = (await api.send('GET', `${identity}/${plural}?name=${name}`))[plural];
  if (found.length > 0) return found[0].id;
  const made = await api.send('POST', `${identity}/${plural}`, { [kind]: { name, ...body } });
  return made[kind].id;
}

interface Service {
  name: string;
  type: string;
  endpoint: string;
}

const services: readonly Service[] = [
  { name: 'glance', type: 'image', endpoint: url('image') },
  { name: 'placement', type: 'placement', endpoint: url('placement') },
  { name: 'nova', type: 'compute', endpoint: `${url('compute')}/v2.1` },
  { name: 'cinder', type: 'volumev3', endpoint: `${url('volume')}/v3/%(project_id)s` },
  { name: 'neutron', type: 'network', endpoint: url('network') },
  { name: 'barbican', type: 'key-manager', endpoint: url('secrets') },
];

async function ensureEndpoints(
  api: CloudApi,
  serviceId: string,
  address: string,
  regions: readonly string[],
): Promise<void> {
  const query = `${identity}/endpoints?service_id=${serviceId}`;
  const there: { interface: string; region_id: string }[] = (await api.send('GET', query))
    .endpoints;
  for (const id of regions) {
    for (const access of ['public', 'internal', 'admin']) {
      if (there.some((each) => each.interface === access && each.region_id === id)) continue;
      await api.send('POST', `${identity}/endpoints`, {
        endpoint: { service_id: serviceId, interface: access, url: address, region_id: id },
      });
    }
  }
}

async function ensureRegions(api: CloudApi): Promise<void> {
  const known: { id: string }[] = (await api.send('GET', `${identity}/regions`)).regions;
  for (const id of Object.keys(poorRegions)) {
    if (known.some((each) => each.id === id)) continue;
    await api.send('POST', `${identity}/regions`, { region: { id } });
  }
}

/** A project with a user of the same name, who is an ordinary member. Returns its id. */
export async function ensureMember(api: CloudApi, name: string): Promise<string> {
  const domain = { domain_id: 'default' };
  const project = await ensure(api, 'project', 'projects', name, domain);
  const user = await ensure(api, 'user', 'users', name, { ...domain, password });
  for (const role of ['member', 'reader']) {
    const id = await ensure(api, 'role', 'roles', role);
    await api.send('PUT', `${identity}/projects/${project}/users/${user}/roles/${id}`);
  }
  return project;
}

/** Accounts of the services, the catalogue, and the project `demo`. */
export async function fillIdentity(): Promise<void> {
  const api = await signIn('admin');
  const domain = { domain_id: 'default' };
  const project = await ensure(api, 'project', 'projects', 'service', domain);
  const roles = [
    await ensure(api, 'role', 'roles', 'admin'),
    await ensure(api, 'role', 'roles', 'service'),
  ];
  await ensureRegions(api);
  const regionsWith = (kind: string) => [
    region,
    ...Object.keys(poorRegions).filter((name) => poorRegions[name]?.includes(kind)),
  ];
  for (const { name, type, endpoint } of services) {
    const user = await ensure(api, 'user', 'users', name, { ...domain, password });
    for (const role of roles) {
      await api.send('PUT', `${identity}/projects/${project}/users/${user}/roles/${role}`);
    }
    const id = await ensure(api, 'service', 'services', name, { type });
    await ensureEndpoints(api, id, endpoint, regionsWith(type));
  }
  const keystone = await ensure(api, 'service', 'services', 'keystone', { type: 'identity' });
  await ensureEndpoints(api, keystone, `${identity}/`, regionsWith('identity'));
  await ensureMember(api, 'demo');
}

/** Name, MiB, processors, GiB, GiB of a further empty disk. */
const flavors: readonly [string, number, number, number, number][] = [
  ['m1.tiny', 256, 1, 1, 0],
  ['m1.small', 1024, 1, 5, 0],
  ['m1.medium', 2048, 2, 10, 0],
  ['m1.nodisk', 512, 1, 0, 0],
  ['m1.eph', 512, 1, 1, 4],
];

export async function fillCompute(): Promise<void> {
  const api = await signIn('admin');
  const address = `${url('compute')}/v2.1/flavors`;
  const there: { name: string }[] = (await api.send('GET', address)).flavors;
  for (const [at, [name, ram, vcpus, disk, ephemeral]] of flavors.entries()) {
    if (there.some((each) => each.name === name)) continue;
    const id = `${at + 1}`;
    await api.send('POST', address, {
      flavor: { id, name, ram, vcpus, disk, 'OS-FLV-EXT-DATA:ephemeral': ephemeral },
    });
  }
}

/** The living DHCP agent's id; agents report some seconds after their start. */
async function dhcpAgent(api: CloudApi): Promise<string> {
  for (let i = 0; i < 240; i++) {
    const { agents }: { agents: { id: string; agent_type: string; alive: boolean }[] } =
      await api.send('GET', `${url('network')}/v2.0/agents`);
    const living = agents.find((each) => each.agent_type === 'DHCP agent' && each.alive);
    if (living) return living.id;
    await sleep(500);
  }
  throw new OzError('OZ_RIG_SERVICE', 'Cannot use the network: no DHCP agent reports itself');
}

const neutron = `${url('network')}/v2.0`;

/** A network on a cable of this machine's, with a subnet. Returns its id. */
async function ensureNetwork(
  api: CloudApi,
  { name, physical, subnet, gateway, first, last }: FlatNetwork,
  more: object,
  dhcp: boolean,
): Promise<string> {
  let [net] = (await api.send('GET', `${neutron}/networks?name=${name}`)).networks;
  net ??= (
    await api.send('POST', `${neutron}/networks`, {
      network: {
        name,
        'provider:network_type': 'flat',
        'provider:physical_network': physical,
        port_security_enabled: false,
        ...more,
      },
    })
  ).network;
  if (net.subnets.length === 0) {
    await api.send('POST', `${neutron}/subnets`, {
      subnet: {
        name: 'subnet',
        network_id: net.id,
        ip_version: 4,
        cidr: subnet,
        gateway_ip: gateway,
        enable_dhcp: dhcp,
        allocation_pools: [{ start: first, end: last }],
      },
    });
  }
  return net.id;
}

/** The network that all projects share, with DHCP, and the one that floating IPs come from. */
export async function fillNetwork(): Promise<void> {
  const api = await signIn('admin');
  const id = await ensureNetwork(api, network, { shared: true }, true);
  await ensureNetwork(api, publicNetwork, { 'router:external': true }, false);
  // Neutron hands a network to an agent that lives at that moment only.
  const agent = `${neutron}/agents/${await dhcpAgent(api)}/dhcp-networks`;
  for (let tries = 1; ; tries++) {
    const { networks }: { networks: { id: string }[] } = await api.send('GET', agent);
    if (networks.some((each) => each.id === id)) return;
    try {
      await api.send('POST', agent, { network_id: id });
    } catch (error) {
      // Neutron may hand it over by itself at the same moment, and then fails here.
      if (tries === 5) throw error;
      await sleep(1000);
    }
  }
}
