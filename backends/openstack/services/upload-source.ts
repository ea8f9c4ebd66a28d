/** Where the bytes of an upload come from. */
import type { Readable } from 'node:stream';
import { piecesOf, readPieces, type Splice, sizeOf } from '../../../src/media/splice.ts';
import type { UploadSource } from './types.ts';

/** A local file, which can be sent again after a failure. */
export async function fileSource(file: string, splice?: Splice): Promise<UploadSource> {
  const pieces = await piecesOf(file, splice);
  return {
    size: sizeOf(pieces),
    repeatable: true,
    open: () => readPieces(pieces),
  };
}

/** A stream that is there but once, such as a download on its way; `size` if it is known. */
export function streamSource(stream: Readable, size: number | null): UploadSource {
  return { size, repeatable: false, open: () => stream };
}
