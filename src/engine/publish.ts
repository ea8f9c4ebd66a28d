/** Makes a finished disk an entry of the place's catalogue (Glance). */
import type { Published, StagedDisk } from '../../backends/backend.ts';
import { OzError } from '../base/errors.ts';
import type { LedgerEntry } from '../base/ledger-entry.ts';
import { byteProgress, type WorkContext } from './build-context.ts';

/** As the ledger knows it while the rest of the results is not there yet. */
export function entryOf({ backend }: WorkContext, { id, at }: Published): LedgerEntry {
  return { place: backend.type, kind: 'image', ref: id, at };
}

export interface PublishOptions {
  name: string;
  replaces?: string;
  /** Whether guests of it will do what user data say; absent: not known. */
  userData?: boolean | undefined;
}

/**
 * Publishes the disk; until the caller drops entryOf() from the ledger, a
 * failure takes the entry away again. `replaces` goes when the new one is there.
 */
export async function publishDisk(
  context: WorkContext,
  disk: StagedDisk,
  { name, replaces, userData }: PublishOptions,
): Promise<Published> {
  const { plan, backend, emit, ledger, signal } = context;
  if (!backend.publish) {
    throw new OzError(
      'OZ_NO_CATALOGUE',
      `Cannot keep ${name} in ${backend.type}: it has no images`,
      {
        hint: 'set [openstack] result = download',
      },
    );
  }
  const published = await backend.publish(
    disk,
    {
      name,
      ...plan.os.catalogue,
      hardware: plan.hardware,
      minDisk: disk.size,
      ...(replaces !== undefined && { replaces }),
    },
    { signal, onProgress: byteProgress(emit, 'export', `publish ${name}`) },
  );
  ledger.add(entryOf(context, published));
  const { warning } = published;
  if (warning !== undefined) emit({ type: 'log', level: 'warning', text: warning });
  return { ...published, userData };
}
