/** Bridges, and where a guest is on one. */
import { OzError } from '../../src/base/errors.ts';
import { parseXml } from './caps.ts';
import type { Connection } from './connection.ts';
import { isGone } from './failures.ts';
import { vir } from './ffi.ts';

export interface Bridge {
  name: string;
  /** The libvirt network it belongs to; absent: the host's own bridge. */
  network?: string | undefined;
}

interface NetworkDocument {
  network?: {
    bridge?: { '@name'?: string };
    forward?: { '@mode'?: string }[];
    ip?: { '@family'?: string }[];
  };
}

/** The bridge of an active network, and whether guests on it reach the outside by NAT over IPv4. */
export function readNetwork(xml: string): { bridge: string | undefined; nat: boolean } {
  const { network } = parseXml<NetworkDocument>(xml);
  const forward = network?.forward ?? [];
  const ips = (network?.ip ?? []).map((ip) => (typeof ip === 'object' ? ip['@family'] : undefined));
  return {
    bridge: network?.bridge?.['@name'],
    // libvirt's default mode of a forward element is nat
    nat:
      forward.length === 1 &&
      (forward[0]?.['@mode'] ?? 'nat') === 'nat' &&
      ips.some((family) => family === undefined || family === 'ipv4'),
  };
}

/** The first active network with NAT, or undefined. */
export async function findNatBridge(connection: Connection): Promise<Bridge | undefined> {
  for (const network of await connection.call('list networks', 'activeNetworks', [])) {
    const { bridge, nat } = readNetwork(network.xml);
    if (bridge && nat) return { name: bridge, network: network.name };
  }
  return undefined;
}

/**
 * The bridge that guests go on: the configured one, else the first active
 * network with NAT, as Oz does it. Throws OZ_NO_BRIDGE when there is none.
 */
export async function findBridge(connection: Connection, configured?: string): Promise<Bridge> {
  if (!configured) {
    const found = await findNatBridge(connection);
    if (found) return found;
    throw new OzError(
      'OZ_NO_BRIDGE',
      `Cannot give guests a network on ${connection.uri}: no active libvirt network with NAT`,
      {
        hint: 'start the default network (virsh net-start default), name a bridge with bridge_name in [libvirt] of oz.cfg, or use uri = qemu:///session, which needs none',
      },
    );
  }
  const networks = await connection.call('list networks', 'activeNetworks', []);
  const owner = networks.find((network) => readNetwork(network.xml).bridge === configured);
  return { name: configured, network: owner?.name };
}

/** The guest's IPv4 (else IPv6) address by its MAC: DHCP leases first, then the ARP table. */
export async function guestAddress(
  connection: Connection,
  bridge: Bridge,
  uuid: string,
  mac: string,
  signal?: AbortSignal,
): Promise<string | null> {
  const choose = (addresses: { family: string; address: string }[]) =>
    (addresses.find(({ family }) => family === 'ipv4') ?? addresses[0])?.address;
  const ignoring = async <T>(call: Promise<T[]>): Promise<T[]> => {
    try {
      return await call;
    } catch (error) {
      if (signal?.aborted || isGone(error)) throw error;
      return []; // not every driver has every source
    }
  };
  if (bridge.network) {
    const leases = await ignoring(
      connection.call('read DHCP leases', 'leases', [bridge.network, mac], { signal }),
    );
    const newest = leases.sort((a, b) => b.expires - a.expires);
    const found = choose(newest);
    if (found) return found;
  }
  const action = "read the guest's addresses";
  const known = await ignoring(
    connection.call(action, 'interfaceAddresses', [uuid, vir.addressesFrom.arp], { signal }),
  );
  const own = known.filter((entry) => entry.mac?.toLowerCase() === mac.toLowerCase());
  return choose(own.flatMap((entry) => entry.addresses)) ?? null;
}
