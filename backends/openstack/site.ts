/** What all parts of one opened cloud share. */
import { randomUUID } from 'node:crypto';
import { codeOf } from '../../src/base/errors.ts';
import type { LedgerEntry } from '../../src/base/ledger-entry.ts';
import type { BackendContext } from '../backend.ts';
import type { CreateOnceOptions } from './services/create-once.ts';
import type { Cloud, Properties } from './services/types.ts';
import type { OpenstackSettings } from './settings.ts';

/** Milliseconds between two looks. */
export interface LookPace {
  /** At what is just being made or removed. */
  changing: number;
  /** At a guest that works, for each request that a look takes. */
  waiting: number;
}

export const usualLooks: LookPace = { changing: 2000, waiting: 6000 };

export interface Site {
  cloud: Cloud;
  settings: OpenstackSettings;
  context: BackendContext;
  /** The entry of clouds.yaml that oz.cfg names; absent: whatever the environment says. */
  cloudName?: string | undefined;
  /** What a ledger calls this cloud and project. */
  at: string;
  /** In the metadata of all that this process makes. */
  buildId: string;
  looks: LookPace;
  /** Disks (StagedDisk.ref) that this process has made, and so may change and remove. */
  own: Set<string>;
  /** For what is reached apart from the API. */
  tls: { readonly insecure: boolean; readonly cacert: string | null };
  /** What is odd in the user's settings for it. */
  warnings?: readonly string[] | undefined;
  /** What the cloud does not show to this user, once that is known. */
  refused: Set<'diagnostics' | 'console'>;
}

/** The cloud, region and project, by which a ledger finds them again. */
export function placeName({
  name,
  region,
  projectName,
  projectId,
}: Pick<Cloud, 'name' | 'region' | 'projectName' | 'projectId'>): string {
  return [name, region, projectName, projectId].filter(Boolean).join('/');
}

export type ResourceKind = 'server' | 'volume' | 'image' | 'floating-ip' | 'port';

/** Names of our own metadata. */
export const buildKey = 'ozma_build_id';
export const tagKey = 'ozma_tag';

/** Stands before a tag in LedgerEntry.ref, where the id is not known yet. */
export const tagPrefix = 'tag:';

export function entryOf(site: Site, kind: ResourceKind, ref: string): LedgerEntry {
  return { place: 'openstack', kind, ref, at: site.at };
}

/** What a resource is found by while only its maker knows of it. */
export function tagsOf(site: Site, tag: string): Properties {
  return { [buildKey]: site.buildId, [tagKey]: tag };
}

/** After these the resource may be there all the same. */
function perhapsMade(error: unknown): boolean {
  const code = codeOf(error) ?? '';
  return !code.startsWith('OZ_CLOUD_') || code === 'OZ_CLOUD_UNSURE';
}

/**
 * Makes a resource whose id the cloud chooses: the ledger knows its tag before,
 * and its id after. `make` puts tagsOf() into it and returns the id, made with
 * createOnce() and `once`: where a request broke off the tag stays, too, for
 * the one that may come late.
 */
export async function makeTagged(
  site: Site,
  kind: ResourceKind,
  make: (tag: string, once: CreateOnceOptions) => Promise<string>,
): Promise<string> {
  const { ledger } = site.context;
  const tag = randomUUID();
  const before = entryOf(site, kind, `${tagPrefix}${tag}`);
  ledger.add(before);
  let unsure = false;
  let id: string;
  try {
    id = await make(tag, {
      settleMs: site.looks.changing * 1.5,
      onUnsure() {
        unsure = true;
      },
    });
  } catch (error) {
    if (!unsure && !perhapsMade(error)) ledger.drop(before);
    throw error;
  }
  ledger.add(entryOf(site, kind, id));
  if (!unsure) ledger.drop(before);
  return id;
}
