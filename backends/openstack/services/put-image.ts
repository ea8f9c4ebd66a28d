/** Makes an image with its data: both or nothing. */
import { randomUUID } from 'node:crypto';
import { codeOf } from '../../../src/base/errors.ts';
import type { Glance, Image, NewImage, TransferCall, UploadSource } from './types.ts';

export interface PutImageOptions extends TransferCall {
  /** Called with the id before the image is made (for a ledger). */
  beforeCreate?: ((id: string) => void) | undefined;
  /** Called when an image that failed is gone again. */
  afterDelete?: ((id: string) => void) | undefined;
  /** Images made in all, where Glance lost one half-way; 3 unless told. */
  tries?: number | undefined;
}

const cleanupMs = 60_000;

/**
 * Creates and uploads. Glance can't take the data of an image again once it has
 * been killed in the middle of it: that image is deleted and made anew.
 */
export async function putImage(
  glance: Glance,
  image: NewImage,
  source: UploadSource,
  options: PutImageOptions = {},
): Promise<Image> {
  const { beforeCreate, afterDelete, tries = 3, ...call } = options;
  for (let attempt = 1; ; attempt++) {
    const id = attempt === 1 && image.id ? image.id : randomUUID();
    beforeCreate?.(id);
    try {
      await glance.createImage({ ...image, id }, { signal: call.signal });
      return await glance.upload(id, source, call);
    } catch (error) {
      try {
        await glance.deleteImage(id, { signal: AbortSignal.timeout(cleanupMs) });
        afterDelete?.(id);
      } catch {
        // the first failure is the one to tell; the ledger still has the image
      }
      if (codeOf(error) !== 'OZ_CLOUD_UNSURE' || !source.repeatable || attempt >= tries) {
        throw error;
      }
    }
  }
}
