/** Neutron: networks, ports, security groups, floating IPs. */
import { faultDetails } from '../http/failures.ts';
import { listAll, part, type Query, type ServiceClient } from './client.ts';
import {
  type Fields,
  fields,
  flag,
  limit,
  list,
  numberOrNull,
  text,
  textOrNull,
} from './fields.ts';
import type { Call, FloatingIp, Network, Neutron, Port, SecurityGroup, Subnet } from './types.ts';

const versionOf = (value: unknown): 4 | 6 => (/6/.test(text(value)) ? 6 : 4);

function readNetwork(entry: unknown): Network {
  const network = fields(entry);
  return {
    id: text(network.id),
    name: text(network.name),
    status: text(network.status),
    adminStateUp: flag(network.admin_state_up),
    shared: flag(network.shared),
    external: flag(network['router:external']),
    projectId: textOrNull(network.project_id ?? network.tenant_id),
    subnetIds: list(network.subnets).map(text),
    mtu: numberOrNull(network.mtu),
    portSecurity: network.port_security_enabled !== false,
  };
}

function readSubnet(entry: unknown): Subnet {
  const subnet = fields(entry);
  return {
    id: text(subnet.id),
    name: text(subnet.name),
    networkId: text(subnet.network_id),
    version: versionOf(subnet.ip_version),
    cidr: text(subnet.cidr),
    gateway: textOrNull(subnet.gateway_ip),
    dhcp: flag(subnet.enable_dhcp),
    dns: list(subnet.dns_nameservers).map(text),
  };
}

function readPort(entry: unknown): Port {
  const port = fields(entry);
  return {
    id: text(port.id),
    name: text(port.name),
    networkId: text(port.network_id),
    deviceId: text(port.device_id),
    deviceOwner: text(port.device_owner),
    status: text(port.status),
    mac: text(port.mac_address),
    fixedIps: list(port.fixed_ips).map((ip) => ({
      subnetId: text(fields(ip).subnet_id),
      address: text(fields(ip).ip_address),
    })),
    securityGroupIds: list(port.security_groups).map(text),
  };
}

function readRule(entry: unknown): SecurityGroup['rules'][number] {
  const rule = fields(entry);
  return {
    direction: rule.direction === 'egress' ? 'egress' : 'ingress',
    version: versionOf(rule.ethertype),
    protocol: textOrNull(rule.protocol),
    portMin: numberOrNull(rule.port_range_min),
    portMax: numberOrNull(rule.port_range_max),
    remotePrefix: textOrNull(rule.remote_ip_prefix),
    remoteGroupId: textOrNull(rule.remote_group_id),
  };
}

function readGroup(entry: unknown): SecurityGroup {
  const group = fields(entry);
  return {
    id: text(group.id),
    name: text(group.name),
    projectId: textOrNull(group.project_id ?? group.tenant_id),
    rules: list(group.security_group_rules).map(readRule),
  };
}

function readFloatingIp(entry: unknown): FloatingIp {
  const ip = fields(entry);
  return {
    id: text(ip.id),
    address: text(ip.floating_ip_address),
    status: text(ip.status),
    networkId: text(ip.floating_network_id),
    portId: textOrNull(ip.port_id),
    fixedAddress: textOrNull(ip.fixed_ip_address),
    description: text(ip.description),
  };
}

export function createNeutron(client: ServiceClient, projectId: string): Neutron {
  const all = <T>(
    what: string,
    path: string,
    key: string,
    query: Query,
    read: (entry: unknown) => T,
    call?: Call,
  ) => listAll(client, { ...call, doing: `list ${what}`, path, query }, key, read);

  async function one<T>(
    what: string,
    path: string,
    key: string,
    read: (entry: unknown) => T,
    call?: Call,
  ): Promise<T | null> {
    const answer = await client.request({ ...call, doing: `look at ${what}`, path, accept: [404] });
    return answer.status === 404 ? null : read(answer.data[key]);
  }

  async function remove(what: string, path: string, call?: Call): Promise<void> {
    await client.request({
      ...call,
      method: 'DELETE',
      doing: `delete ${what}`,
      path,
      accept: [404],
    });
  }

  return {
    async extensions(call) {
      const read = (entry: unknown) => text(fields(entry).alias);
      return all('the extensions of Neutron', '/extensions', 'extensions', {}, read, call);
    },
    networks: ({ name, external } = {}, call) =>
      all(
        'the networks',
        '/networks',
        'networks',
        { name, 'router:external': external },
        readNetwork,
        call,
      ),
    network: (id, call) =>
      one(`the network ${id}`, `/networks/${part(id)}`, 'network', readNetwork, call),
    subnets: ({ networkId } = {}, call) =>
      all('the subnets', '/subnets', 'subnets', { network_id: networkId }, readSubnet, call),
    ports: ({ deviceId, networkId, name }, call) =>
      all(
        'the ports',
        '/ports',
        'ports',
        { device_id: deviceId, network_id: networkId, name },
        readPort,
        call,
      ),
    port: (id, call) => one(`the port ${id}`, `/ports/${part(id)}`, 'port', readPort, call),
    async createPort({ networkId, name, securityGroupIds }, call) {
      const { data } = await client.request({
        ...call,
        method: 'POST',
        doing: `create the port ${name}`,
        path: '/ports',
        json: {
          port: {
            network_id: networkId,
            name,
            ...(securityGroupIds ? { security_groups: securityGroupIds } : {}),
          },
        },
      });
      return readPort(data.port);
    },
    deletePort: (id, call) => remove(`the port ${id}`, `/ports/${part(id)}`, call),
    securityGroups: ({ name } = {}, call) =>
      listAll(
        client,
        {
          ...call,
          doing: 'list the security groups',
          path: '/security-groups',
          query: { name, project_id: projectId },
          accept: [404], // they are an extension
        },
        'security_groups',
        readGroup,
      ),
    floatingIps: ({ portId, networkId, description }, call) =>
      all(
        'the floating IPs',
        '/floatingips',
        'floatingips',
        { port_id: portId, floating_network_id: networkId, description },
        readFloatingIp,
        call,
      ),
    async createFloatingIp({ networkId, portId, description }, call) {
      const { data } = await client.request({
        ...call,
        method: 'POST',
        doing: 'get a floating IP',
        path: '/floatingips',
        json: {
          floatingip: {
            floating_network_id: networkId,
            ...(portId ? { port_id: portId } : {}),
            ...(description ? { description } : {}),
          },
        },
      });
      return readFloatingIp(data.floatingip);
    },
    deleteFloatingIp: (id, call) =>
      remove(`the floating IP ${id}`, `/floatingips/${part(id)}`, call),
    async limits(call) {
      try {
        const { data, status } = await client.request({
          ...call,
          doing: 'look at the quotas of the networks',
          path: `/quotas/${part(projectId)}/details`,
          accept: [403, 404],
        });
        if (status !== 200) return null;
        const quota = fields(data.quota);
        const of = (entry: Fields) => limit(entry.limit, entry.used);
        return { ports: of(fields(quota.port)), floatingIps: of(fields(quota.floatingip)) };
      } catch (error) {
        // It is only a forecast; some plug-ins fail here for all but admins.
        if (faultDetails(error)?.status) return null;
        throw error;
      }
    },
  };
}
