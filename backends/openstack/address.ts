/** Where the SSH port of a server is reached. */
import type { Address } from '../backend.ts';
import type { SshWay } from './network.ts';
import { createOnce } from './services/create-once.ts';
import type { FloatingIp, Server } from './services/types.ts';
import { entryOf, makeTagged, type Site } from './site.ts';

const sshPort = 22;

function fixedAddress(server: Server): string | null {
  const fixed = server.addresses.filter(({ kind }) => kind === 'fixed');
  const chosen = fixed.find(({ version }) => version === 4) ?? fixed[0];
  return chosen?.address ?? null;
}

/** What tells our floating IPs from others: they have no metadata. */
export const floatingMark = (tag: string): string => `ozma ${tag}`;

/** Null: the server has no port yet. */
async function makeFloatingIp(
  site: Site,
  server: Server,
  poolId: string,
  signal?: AbortSignal,
): Promise<FloatingIp | null> {
  const { neutron } = site.cloud;
  const [port] = (await neutron?.ports({ deviceId: server.id }, { signal })) ?? [];
  if (!neutron || !port) return null;
  let made: FloatingIp | null = null;
  await makeTagged(site, 'floating-ip', async (tag, once) => {
    const description = floatingMark(tag);
    made = await createOnce(
      () =>
        neutron.createFloatingIp({ networkId: poolId, portId: port.id, description }, { signal }),
      async () => (await neutron.floatingIps({ description }, { signal }))[0] ?? null,
      { ...once, signal },
    );
    return made.id;
  });
  return made;
}

export interface AddressFinder {
  find(server: Server, signal?: AbortSignal): Promise<Address | null>;
  /** Gives back what finding has made. */
  release(): Promise<void>;
}

export function addressFinder(site: Site, way: SshWay): AddressFinder {
  let floating: FloatingIp | null = null;

  return {
    async find(server, signal) {
      if (way.kind === 'floating' && way.poolId !== undefined) {
        floating ??= await makeFloatingIp(site, server, way.poolId, signal);
        return floating && { host: floating.address, port: sshPort };
      }
      const host = fixedAddress(server);
      if (host === null) return null;
      const bastion = way.kind === 'bastion' ? site.settings.bastion : null;
      return { host, port: sshPort, ...(bastion ? { bastion } : {}) };
    },

    async release() {
      if (!floating) return;
      await site.cloud.neutron?.deleteFloatingIp(floating.id);
      site.context.ledger.drop(entryOf(site, 'floating-ip', floating.id));
      floating = null;
    },
  };
}
