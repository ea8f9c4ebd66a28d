/** Makes a finished disk an entry of the place's catalogue (Glance). */
import type { Published, StagedDisk } from '../../backends/backend.ts';
import { OzError } from '../base/errors.ts';
import type { LedgerEntry } from '../base/ledger-entry.ts';
import type { WorkPlan } from '../plan/types.ts';
import { byteProgress, type WorkContext } from './build-context.ts';

/** The package whose presence lets user data in. */
const cloudInit = 'cloud-init';

/** Whether servers of the image will take user data; undefined where the plan does not tell. */
function takesUserData({ access, customise, published }: WorkPlan): true | undefined {
  const added = customise?.steps.some(
    (step) => step.kind === 'packages' && step.packages.some(({ name }) => name === cloudInit),
  );
  // What is an entry already was worked in through its user data.
  return access?.method === 'cloud-init' || added || published ? true : undefined;
}

/** As the ledger knows it while the rest of the results is not there yet. */
export function entryOf({ backend }: WorkContext, { id, at }: Published): LedgerEntry {
  return { place: backend.type, kind: 'image', ref: id, at };
}

export interface PublishOptions {
  name: string;
  replaces?: string;
  /** What the installer put there has no cloud-init of its own. */
  bare?: boolean;
}

/**
 * Publishes the disk; until the caller drops entryOf() from the ledger, a
 * failure takes the entry away again. `replaces` goes when the new one is there.
 */
export async function publishDisk(
  context: WorkContext,
  disk: StagedDisk,
  { name, replaces, bare = false }: PublishOptions,
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
  return { ...published, userData: takesUserData(plan) ?? (bare ? false : undefined) };
}
