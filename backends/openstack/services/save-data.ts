/** Writes what a download brings into a file. */
import type { FileHandle } from 'node:fs/promises';
import { chunkWriter } from '../../../src/media/chunk-writer.ts';

/** From the file's begin; it is not synced. */
export async function saveData(data: AsyncIterable<Buffer>, file: FileHandle): Promise<void> {
  const writer = chunkWriter(file, 0);
  for await (const piece of data) await writer.write(piece);
  await writer.flush();
}
