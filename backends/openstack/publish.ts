/** Makes a finished disk an image that the project's users find. */
import { codeOf, messageOf, OzError } from '../../src/base/errors.ts';
import type { CatalogueEntry, Published, StagedDisk, TransferOptions } from '../backend.ts';
import { inGib, parseDiskRef } from './disk-ref.ts';
import { imageDisk, volumeToImage } from './disks.ts';
import { resultProperties, withoutTraces } from './result.ts';
import type { Image, Visibility } from './services/types.ts';
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

/** The entry stays in the ledger: its engine drops it when all else is there too. */
export async function publish(
  site: Site,
  disk: StagedDisk,
  entry: CatalogueEntry,
  options: TransferOptions = {},
): Promise<Published> {
  const { glance } = site.cloud;
  const { imageVisibility, imageProperties } = site.settings;
  const made = await asImage(site, disk, entry, options);
  const warnings: string[] = [];
  const change = (visibility: Visibility) =>
    glance.changeImage(
      made.id,
      {
        ...withoutTraces(made.properties),
        ...resultProperties(entry, imageProperties),
        name: entry.name,
        min_disk: inGib(entry.minDisk),
        min_ram: entry.minRam,
        visibility,
      },
      { signal: options.signal },
    );
  // Whether it is allowed is seen here for the first time: no reason to lose what was built.
  const image = await change(imageVisibility).catch((error) => {
    if (imageVisibility === 'private' || codeOf(error) !== 'OZ_CLOUD_POLICY') throw error;
    warnings.push(`the image is private, not ${imageVisibility}: ${messageOf(error)}`);
    return change('private');
  });
  const { replaces } = entry;
  const kept = replaces === undefined ? undefined : await removeReplaced(site, replaces);
  if (kept !== undefined) warnings.push(kept);
  site.own.delete(disk.ref);
  const warning = warnings.join('; ');
  return { ...publishedOf(site, image), ...(warning && { warning }) };
}

/** The disk of an entry. Throws `OZ_CLOUD_GONE`. */
export async function publishedDisk(
  site: Site,
  id: string,
  options: TransferOptions = {},
): Promise<StagedDisk> {
  return imageDisk(await find(site, id, options), 0);
}
