/** What builds have left in a cloud for later ones, as oz-cleanup-cache shows and removes it. */
import type { KeptMedium } from '../../backends/backend.ts';
import { messageOf, OzError } from '../base/errors.ts';
import { noLedger } from '../base/ledger-entry.ts';
import type { Around } from '../compose/around.ts';
import { type FindPlace, findPlace } from '../compose/places.ts';
import type { OzConfig } from '../config/types.ts';
import { bytes, printable } from './render/format.ts';

export interface StagedCache {
  media: readonly KeptMedium[];
  /** The cloud and its project. */
  where: string;
  /** The list, a line each; empty when there is nothing. */
  text: string;
  /** Removes all of it; throws OZ_CACHE after the rest when something stays. */
  clear(tell: (line: string) => void): Promise<void>;
  close(): Promise<void>;
}

export async function openStagedCache(
  config: OzConfig,
  around: Around,
  signal: AbortSignal,
  find: FindPlace = findPlace,
): Promise<StagedCache> {
  const place = await find('openstack', config, around);
  const backend = await place.open({ ledger: noLedger, log: () => {} }, signal);
  const where = place.uri ?? 'the cloud';
  try {
    const media = (await backend.staged?.({ signal })) ?? [];
    const lines = media.map(
      ({ name, size }) => `  ${name}${size === null ? '' : `  ${bytes(size)}`}`,
    );
    return {
      media,
      where,
      text: lines.length ? printable(`Staged images in ${where}:\n${lines.join('\n')}\n`) : '',
      async clear(tell) {
        const problems: string[] = [];
        for (const { name, entry } of media) {
          signal.throwIfAborted();
          tell(`Removing staged image ${name}\n`);
          await backend.remove(entry, { signal }).catch((error: unknown) => {
            signal.throwIfAborted();
            problems.push(`${name}: ${messageOf(error)}`);
          });
        }
        if (problems.length > 0) {
          throw new OzError('OZ_CACHE', `Cannot remove all staged images: ${problems.join('; ')}`);
        }
      },
      close: () => backend.close(),
    };
  } catch (error) {
    await backend.close();
    throw error;
  }
}
