/** Digests of files, streamed: memory stays flat whatever the size. */
import { createHash, getHashes, type Hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { ProgressListener } from './progress.ts';

/** What a TDL may name, and what checksum files also use. */
export type DigestType = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

/** Length of each digest in hexadecimal digits. */
export const digestLength: Record<DigestType, number> = {
  md5: 32,
  sha1: 40,
  sha224: 56,
  sha256: 64,
  sha384: 96,
  sha512: 128,
};

/** Whether a digest by that name, as others call it, can be worked out here. */
export const knowsDigest = (name: string): boolean => getHashes().includes(name);

export interface DigestOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ProgressListener | undefined;
}

/** Feeds `hashes` the first `length` bytes of a file. Returns how many there were. */
export async function hashFile(
  file: string,
  hashes: readonly Hash[],
  { signal, onProgress }: DigestOptions = {},
  length = Number.POSITIVE_INFINITY,
): Promise<number> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const total = Math.min(size, length);
    const buffer = Buffer.allocUnsafe(1 << 20);
    let done = 0;
    while (done < total) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, total - done));
      if (bytesRead === 0) break;
      for (const hash of hashes) hash.update(buffer.subarray(0, bytesRead));
      done += bytesRead;
      onProgress?.(done, total);
    }
    return done;
  } finally {
    await handle.close();
  }
}

/** The file's digest in lower-case hexadecimal, by any algorithm of knowsDigest(). */
export async function fileDigest(
  file: string,
  type: string,
  options: DigestOptions = {},
): Promise<string> {
  const hash = createHash(type);
  await hashFile(file, [hash], options);
  return hash.digest('hex');
}
