/** Writes the data of an image into a file and checks it by Glance's digest. */
import { ftruncateSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { OzError } from '../../../src/base/errors.ts';
import { knowsDigest } from '../../../src/media/digest.ts';
import { followFile } from '../../../src/media/file-digest.ts';
import { isZero } from '../../../src/media/zeros.ts';
import type { Glance, Image, TransferCall } from './types.ts';

export interface SavedImage {
  /**
   * Waits for the digest and compares it. Until then the file may be read, but what is made of
   * it is not to be handed out. Throws `OZ_CLOUD_CORRUPT`. The call's signal ends it.
   */
  check(): Promise<void>;
}

const unchecked: SavedImage = { check: async () => {} };

/** The thread hears of every so many bytes, … */
const stepBytes = 8 << 20;
/**
 * … but of all at the end where more come in a second than a gigabit network brings: the thread
 * would take the processor from the transfer, and could not keep up anyway.
 */
const fastest = 125e6;

/** Writes piece behind piece; zeros become holes: disks from Ceph come whole, and mostly empty. */
function sparseWriter(fd: number) {
  let position = 0;
  let size = 0;
  return {
    position: () => position,
    /** At once: to hand a megabyte to Node's threads takes longer than the system takes for it. */
    write(piece: Buffer): void {
      const end = position + piece.length;
      if (isZero(piece)) {
        position = end;
        return;
      }
      for (let done = 0; position < end; ) {
        const written = writeSync(fd, piece, done, piece.length - done, position);
        done += written;
        position += written;
      }
      size = end;
    },
    /** The file ends where the last piece did. */
    settle(): void {
      if (size < position) ftruncateSync(fd, position);
      size = position;
    },
  };
}

function corrupt(image: Image): OzError {
  return new OzError(
    'OZ_CLOUD_CORRUPT',
    `Cannot download the image ${image.name ?? image.id}: it differs from the digest that Glance has`,
    { hint: 'try again; if it stays so, the image is damaged in the cloud' },
  );
}

/**
 * The file is begun anew, readable by its owner alone, and not synced. An image of an old Glance
 * has no digest.
 */
export async function saveImage(
  glance: Pick<Glance, 'download'>,
  image: Image,
  target: string,
  call: TransferCall = {},
): Promise<SavedImage> {
  const { digest } = image;
  const { signal } = call;
  const file = await open(target, 'w', 0o600);
  const known = digest !== null && knowsDigest(digest.algorithm);
  const sum = known ? followFile(digest.algorithm, target) : null;
  const giveUp = () => sum?.close();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    const begin = performance.now();
    const mostBy = () => (fastest * (performance.now() - begin)) / 1000;
    const writer = sparseWriter(file.fd);
    let told = 0;
    const tell = () => {
      writer.settle();
      told = writer.position();
      sum?.grown(told);
    };
    for await (const pieces of glance.download(image, call)) {
      for (const piece of pieces) writer.write(piece);
      const written = writer.position();
      if (written - told >= stepBytes && written <= mostBy()) tell();
    }
    tell();
  } catch (error) {
    giveUp();
    throw error;
  } finally {
    await file.close();
  }
  if (!sum || !digest) return unchecked;
  return {
    async check() {
      try {
        if ((await sum.digest()) !== digest.value.toLowerCase()) throw corrupt(image);
      } finally {
        signal?.removeEventListener('abort', giveUp);
        signal?.throwIfAborted();
      }
    },
  };
}
