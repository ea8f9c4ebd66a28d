/** Images that this build makes, in its ledger before they are there. */
import type { TransferOptions } from '../backend.ts';
import { putImage } from './services/put-image.ts';
import type { Image, NewImage, UploadSource } from './services/types.ts';
import { entryOf, type Site } from './site.ts';

/** With its data; made anew where Glance lost it half-way. */
export function putOwnImage(
  site: Site,
  image: NewImage,
  source: UploadSource,
  options: TransferOptions,
): Promise<Image> {
  const { ledger } = site.context;
  return putImage(site.cloud.glance, image, source, {
    ...options,
    beforeCreate: (id) => ledger.add(entryOf(site, 'image', id)),
    afterDelete: (id) => ledger.drop(entryOf(site, 'image', id)),
  });
}
