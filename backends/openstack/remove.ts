/** Removes what a ledger names, by its id or by the tag it was made with. */
import { delay } from '../../src/base/abort.ts';
import { OzError } from '../../src/base/errors.ts';
import type { LedgerEntry } from '../../src/base/ledger-entry.ts';
import { floatingMark } from './address.ts';
import { type Site, tagKey, tagPrefix } from './site.ts';
import { removeServer, removeVolume } from './wait.ts';

interface Remover {
  /** Ids of what was made with the tag. */
  find(site: Site, tag: string, signal?: AbortSignal): Promise<string[]>;
  remove(site: Site, id: string, signal?: AbortSignal): Promise<void>;
}

const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id);

const removers: Record<string, Remover> = {
  server: {
    find: async ({ cloud }, tag, signal) =>
      ids(await cloud.nova.servers({ metadata: { [tagKey]: tag } }, { signal })),
    remove: removeServer,
  },
  volume: {
    find: async ({ cloud }, tag, signal) =>
      ids((await cloud.cinder?.volumes({ metadata: { [tagKey]: tag } }, { signal })) ?? []),
    remove: removeVolume,
  },
  image: {
    // Images made of volumes have the tag in their name.
    find: async ({ cloud }, tag, signal) =>
      ids(
        await cloud.glance
          .images({ mine: true }, { signal })
          .then((images) =>
            images.filter(
              ({ name, properties }) => properties[tagKey] === tag || name?.endsWith(tag),
            ),
          ),
      ),
    remove: ({ cloud }, id, signal) => cloud.glance.deleteImage(id, { signal }),
  },
  'floating-ip': {
    find: async ({ cloud }, tag, signal) =>
      ids((await cloud.neutron?.floatingIps({ description: floatingMark(tag) }, { signal })) ?? []),
    remove: async ({ cloud }, id, signal) => cloud.neutron?.deleteFloatingIp(id, { signal }),
  },
  port: {
    find: async ({ cloud }, tag, signal) =>
      ids((await cloud.neutron?.ports({ name: tag }, { signal })) ?? []),
    remove: async ({ cloud }, id, signal) => cloud.neutron?.deletePort(id, { signal }),
  },
  keypair: {
    find: async () => [],
    remove: ({ cloud }, name, signal) => cloud.nova.deleteKeypair(name, { signal }),
  },
};

/** A request that was given up may still be carried out: looks, each pause twice the one before. */
const looks = 4;

/** What is gone already is no error. Throws `OZ_CLOUD_PLACE` for entries of another cloud. */
export async function removeEntry(
  site: Site,
  entry: LedgerEntry,
  signal?: AbortSignal,
): Promise<void> {
  const remover = removers[entry.kind];
  if (!remover) throw new OzError('OZ_LEDGER', `Cannot remove a ${entry.kind} of a cloud`);
  if (entry.at !== undefined && entry.at !== site.at) {
    throw new OzError(
      'OZ_CLOUD_PLACE',
      `Cannot remove ${entry.kind} ${entry.ref}: it is in ${entry.at}, and this is ${site.at}`,
      { hint: 'run it again with that cloud and project' },
    );
  }
  if (!entry.ref.startsWith(tagPrefix)) {
    await remover.remove(site, entry.ref, signal);
    return;
  }
  const tag = entry.ref.slice(tagPrefix.length);
  for (let look = 0; look < looks; look++) {
    if (look > 0) await delay(site.looks.changing * 2 ** (look - 1), signal);
    for (const id of await remover.find(site, tag, signal)) {
      await remover.remove(site, id, signal);
    }
  }
}
