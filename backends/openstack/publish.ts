/** Makes a finished disk an image that the project's users find. */
import { codeOf, messageOf, OzError } from '../../src/base/errors.ts';
import type { CatalogueEntry, Published, StagedDisk, TransferOptions } from '../backend.ts';
import { inGib, parseDiskRef } from './disk-ref.ts';
import { imageDisk, volumeToImage } from './disks.ts';
import { resultProperties, withoutTraces } from './result.ts';
import type { Image } from './services/types.ts';
import type { Site } from './site.ts';

function publishedOf(site: Site, image: Image): Published {
  return {
    id: image.id,
    name: image.name ?? image.id,
    at: site.at,
    size: image.size ?? 0,
    ...(image.digest ? { digest: image.digest } : {}),
  };
}

async function find(site: Site, id: string, options: TransferOptions): Promise<Image> {
  const image = await site.cloud.glance.image(id, options);
  if (image?.status === 'active') return image;
  throw new OzError('OZ_CLOUD_GONE', `Cannot use the image ${id} of ${site.at}: it is not there`, {
    hint: 'it was deleted, or belongs to another cloud or project: build it again',
  });
}

/** The image of the disk, under the entry's name. A volume stays for the ledger to clear. */
async function asImage(
  site: Site,
  disk: StagedDisk,
  { name }: CatalogueEntry,
  options: TransferOptions,
): Promise<Image> {
  const { kind, id } = parseDiskRef(disk.ref);
  if (kind === 'volume') return volumeToImage(site, id, name, options);
  if (site.own.has(disk.ref)) return find(site, id, options);
  throw new OzError(
    'OZ_CLOUD_IMAGE',
    `Cannot publish ${name}: the image ${id} is not of this build`,
  );
}

/** What to tell the user of an old image that can't be removed: the new one is good all the same. */
async function removeReplaced(site: Site, id: string): Promise<string | undefined> {
  try {
    await site.cloud.glance.deleteImage(id);
    return undefined;
  } catch (error) {
    return `the old image ${id} stays beside the new one: ${messageOf(error)}`;
  }
}

/** Refusals that no other attempt changes: policy, and Glances that know no such visibility. */
const refusals = new Set(['OZ_CLOUD_POLICY', 'OZ_CLOUD_REFUSED']);

/** Not every member may make an image public, which is no reason to throw hours of work away. */
async function makeVisible(
  site: Site,
  image: Image,
  { signal }: TransferOptions,
): Promise<{ image: Image; refused?: string }> {
  const { imageVisibility: visibility } = site.settings;
  if (visibility === 'private') return { image };
  try {
    return { image: await site.cloud.glance.changeImage(image.id, { visibility }, { signal }) };
  } catch (error) {
    signal?.throwIfAborted();
    if (!refusals.has(codeOf(error) ?? '')) throw error;
    return { image, refused: `the image is not ${visibility}: ${messageOf(error)}` };
  }
}

/** The entry stays in the ledger: its engine drops it when all else is there too. */
export async function publish(
  site: Site,
  disk: StagedDisk,
  entry: CatalogueEntry,
  options: TransferOptions = {},
): Promise<Published> {
  const made = await asImage(site, disk, entry, options);
  const changed = await site.cloud.glance.changeImage(
    made.id,
    {
      ...withoutTraces(made.properties),
      ...resultProperties(entry, site.settings.imageProperties),
      name: entry.name,
      min_disk: inGib(entry.minDisk),
      min_ram: entry.minRam,
      visibility: 'private',
    },
    { signal: options.signal },
  );
  const { image, refused } = await makeVisible(site, changed, options);
  // Whoever sees the old one would not see the new one then.
  const { replaces } = entry;
  const stays = replaces && refused && `the old image ${replaces} stays beside it`;
  const kept = stays ?? (replaces && (await removeReplaced(site, replaces)));
  const warning = [refused, kept].filter(Boolean).join('; ');
  site.own.delete(disk.ref);
  return { ...publishedOf(site, image), ...(warning !== '' && { warning }) };
}

/** The disk of an entry. Throws `OZ_CLOUD_GONE`. */
export async function publishedDisk(
  site: Site,
  id: string,
  options: TransferOptions = {},
): Promise<StagedDisk> {
  return imageDisk(await find(site, id, options), 0);
}
