/** Where the bytes of an upload come from. */
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
