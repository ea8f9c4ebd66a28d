/** Where the bytes of an upload come from. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { UploadSource } from './types.ts';

/** Large pieces: fewer turns through the event loop for each gigabyte. */
const pieceBytes = 1 << 20;

/** A local file, which can be sent again after a failure. */
export async function fileSource(file: string): Promise<UploadSource> {
  const { size } = await stat(file);
  return {
    size,
    repeatable: true,
    open: () => createReadStream(file, { highWaterMark: pieceBytes }),
  };
}

/** A stream that is there but once, such as a download on its way; `size` if it is known. */
export function streamSource(stream: Readable, size: number | null): UploadSource {
  return { size, repeatable: false, open: () => stream };
}
