/** Which network guests are on, and whether this machine is on it too. */
import { BlockList } from 'node:net';
import os from 'node:os';
import { OzError } from '../../src/base/errors.ts';
import type { Cloud, Network, Port, SecurityGroup, Subnet } from './services/types.ts';
import type { OpenstackSettings } from './settings.ts';

export interface GuestNetwork {
  network: Network;
  subnets: readonly Subnet[];
  /** An address of this machine that guests can use; null: they can't be known to reach it. */
  hostAddress: string | null;
  /** Security groups of this machine's own port there, where it is a server of the cloud itself. */
  hostGroups: readonly string[];
}

/** How SSH gets to a guest. */
export interface SshWay {
  kind: 'fixed' | 'floating' | 'bastion' | 'none';
  reason: string;
  /** Kind `floating`. */
  poolId?: string;
  /** The project may take no more floating IPs: nobody gets in unless one is given back. */
  full?: boolean;
}

export interface OwnAddress {
  address: string;
  mac: string;
}

export function ownAddresses(): OwnAddress[] {
  return Object.values(os.networkInterfaces()).flatMap((list) =>
    (list ?? [])
      .filter((one) => one.family === 'IPv4' && !one.internal)
      .map(({ address, mac }) => ({ address, mac })),
  );
}

function refuse(why: string, hint: string): OzError {
  return new OzError('OZ_CLOUD_NETWORK', `Cannot choose a network for the guest: ${why}`, { hint });
}

/** The network that is named, or the only one that suggests itself. */
export function chooseNetwork(
  networks: readonly Network[],
  asked: string | null,
  projectId: string,
): Network {
  const usable = networks.filter(({ adminStateUp, subnetIds }) => adminStateUp && subnetIds.length);
  const hint = `set network in [openstack] to one of ${usable.map(({ name, id }) => name || id).join(', ')}`;
  if (asked !== null) {
    const found = networks.filter(({ id, name }) => id === asked || name === asked);
    if (found.length > 1) throw refuse(`there are ${found.length} called ${asked}`, 'give its id');
    if (found[0]) return found[0];
    throw refuse(`there is none called ${asked}`, hint);
  }
  const inside = usable.filter(({ external }) => !external);
  const ours = inside.filter((network) => network.projectId === projectId && !network.shared);
  // Administrators see those of other projects, too, which are not theirs to build in.
  const groups = [
    ours,
    inside.filter(({ shared }) => shared),
    usable.filter(({ external }) => external),
  ];
  const group = groups.find(({ length }) => length > 0) ?? [];
  if (group.length === 1 && group[0]) return group[0];
  if (group.length === 0) {
    throw refuse('there is none with a subnet', 'make one, or have one shared with this project');
  }
  throw refuse(`there are ${group.length}`, hint);
}

function contains({ cidr }: Subnet, address: string): boolean {
  const [base = '', length = ''] = cidr.split('/');
  const list = new BlockList();
  list.addSubnet(base, Number(length), 'ipv4');
  return list.check(address, 'ipv4');
}

const sameMac = (port: Port, own: OwnAddress) => port.mac.toLowerCase() === own.mac.toLowerCase();

/**
 * What of this machine is on the guests' network. An address that merely
 * looks alike is not enough: private ranges are everywhere.
 */
function ownOn(
  network: Network,
  subnets: readonly Subnet[],
  ports: readonly Port[],
  own: readonly OwnAddress[],
): Pick<GuestNetwork, 'hostAddress' | 'hostGroups'> {
  const certain = (one: OwnAddress) =>
    network.shared ||
    network.external ||
    subnets.some(({ gateway }) => gateway === one.address) ||
    ports.some((port) => sameMac(port, one));
  const found = own.find(
    (one) =>
      certain(one) &&
      subnets.some((subnet) => subnet.version === 4 && contains(subnet, one.address)),
  );
  if (!found) return { hostAddress: null, hostGroups: [] };
  const port = ports.find((one) => sameMac(one, found));
  return { hostAddress: found.address, hostGroups: port?.securityGroupIds ?? [] };
}

/** Null: the cloud has no network service. Throws `OZ_CLOUD_NETWORK`. */
export async function findNetwork(
  { neutron, projectId }: Pick<Cloud, 'neutron' | 'projectId'>,
  settings: Pick<OpenstackSettings, 'network'>,
  own: readonly OwnAddress[],
  signal?: AbortSignal,
): Promise<GuestNetwork | null> {
  if (!neutron) return null;
  const network = chooseNetwork(
    await neutron.networks({}, { signal }),
    settings.network,
    projectId,
  );
  const subnets = await neutron.subnets({ networkId: network.id }, { signal });
  const near = own.some(({ address }) =>
    subnets.some((subnet) => subnet.version === 4 && contains(subnet, address)),
  );
  const ports = near ? await neutron.ports({ networkId: network.id }, { signal }) : [];
  return { network, subnets, ...ownOn(network, subnets, ports, own) };
}

/** Security groups that SSH comes from; any: those of a bastion are not known. */
type Senders = readonly string[] | 'any';

/** Whether a rule of the group lets SSH in, from everywhere or from a member of these groups. */
function letsSshIn({ rules }: SecurityGroup, senders: Senders): boolean {
  return rules.some(
    ({ direction, protocol, portMin, portMax, remoteGroupId }) =>
      direction === 'ingress' &&
      (remoteGroupId === null || senders === 'any' || senders.includes(remoteGroupId)) &&
      (protocol === null || protocol === 'tcp' || protocol === '6' || protocol === 'any') &&
      (portMin ?? 22) <= 22 &&
      (portMax ?? 22) >= 22,
  );
}

/** Why the firewall keeps SSH out, or null. Throws `OZ_CLOUD_NETWORK` for groups that are not there. */
function firewallObstacle(
  network: Pick<Network, 'portSecurity'>,
  groups: readonly SecurityGroup[] | null,
  asked: readonly string[],
  senders: Senders,
): string | null {
  if (groups === null) return null; // a cloud without them
  const names = asked.length > 0 ? asked : ['default'];
  const chosen = names.map((name) => {
    const found = groups.find((group) => group.id === name || group.name === name);
    if (found || asked.length === 0) return found;
    const known = groups.map((group) => group.name).join(', ');
    throw new OzError('OZ_CLOUD_NETWORK', `Cannot use security group ${name}: there is none`, {
      hint: `set security_groups in [openstack] to some of ${known}`,
    });
  });
  if (!network.portSecurity) return null;
  return chosen.some((group) => group && letsSshIn(group, senders))
    ? null
    : `security group ${names.join(', ')} lets no SSH in`;
}

export interface ReachInput {
  found: GuestNetwork | null;
  /** Null: the cloud has none, or does not show them. */
  groups: readonly SecurityGroup[] | null;
  /** Networks that floating IPs come from. */
  external: readonly Network[];
  /** How many more of them the project may have. */
  floatingIpsLeft: number;
  settings: Pick<OpenstackSettings, 'bastion' | 'floatingIpPool' | 'securityGroups'>;
}

/** How SSH gets to guests of the network. Throws `OZ_CLOUD_NETWORK`. */
export function sshWay(input: ReachInput): SshWay {
  const { found, groups, external, floatingIpsLeft, settings } = input;
  if (!found) return { kind: 'none', reason: 'guests have no network: the cloud has no Neutron' };
  const { network, hostAddress, hostGroups } = found;
  const { bastion, floatingIpPool, securityGroups } = settings;
  // What comes by a floating IP is of no group.
  const senders = bastion ? 'any' : floatingIpPool === null ? hostGroups : [];
  const closed = firewallObstacle(network, groups, securityGroups, senders);
  const pool = external.find(({ id, name }) => id === floatingIpPool || name === floatingIpPool);
  if (floatingIpPool !== null && !pool) {
    throw new OzError(
      'OZ_CLOUD_NETWORK',
      `Cannot take a floating IP from ${floatingIpPool}: there is no such external network`,
      {
        hint: `set floating_ip_pool in [openstack] to one of ${external.map(({ name }) => name).join(', ') || '(there is none)'}`,
      },
    );
  }
  if (closed !== null) return { kind: 'none', reason: closed };
  if (bastion) return { kind: 'bastion', reason: `through the bastion ${bastion.host}` };
  if (pool) {
    const full = floatingIpsLeft < 1;
    const reason = full
      ? 'the quota has room for no more floating IPs'
      : `by a floating IP of ${pool.name}`;
    return { kind: 'floating', reason, poolId: pool.id, ...(full && { full }) };
  }
  if (hostAddress !== null) {
    return { kind: 'fixed', reason: `this machine is on network ${network.name} (${hostAddress})` };
  }
  if (network.external) {
    return { kind: 'fixed', reason: `network ${network.name} is reached from outside` };
  }
  return {
    kind: 'none',
    reason: `this machine is not on network ${network.name}; floating_ip_pool or bastion in [openstack] makes a way`,
  };
}
