/** Nova: flavors, servers, key pairs. */

import type { ServiceClient } from './client.ts';
import { inRange } from './microversion.ts';
import { createServerActions } from './nova-actions.ts';
import { createFlavors } from './nova-flavors.ts';
import { createKeypairs } from './nova-keypairs.ts';
import { createServers } from './nova-servers.ts';
import { createWatch } from './nova-watch.ts';
import type { MicroversionRange, Nova } from './types.ts';

export function createNova(client: ServiceClient, range: MicroversionRange | null): Nova {
  return {
    microversion: range,
    supports: (version) => inRange(range, version),
    ...createFlavors(client, range),
    ...createServers(client, range),
    ...createServerActions(client, range),
    ...createWatch(client, range),
    ...createKeypairs(client),
  };
}
