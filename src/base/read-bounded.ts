/** Reads files and streams up to a limit: devices, pipes and /proc files have no size to ask for. */
import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { inWords, limits } from './limits.ts';

/** What a stream gives; undefined: it is more than `limit` bytes. */
export async function gather(
  stream: AsyncIterable<Uint8Array | string>,
  limit: number,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk as Uint8Array);
    chunks.push(bytes);
    size += bytes.length;
    if (size > limit) return undefined;
  }
  return Buffer.concat(chunks);
}

/** A file's content; undefined: it is larger than `limit` bytes. Throws Node's errors. */
export async function readBounded(
  file: string,
  limit: number,
  signal?: AbortSignal,
): Promise<Buffer | undefined> {
  const handle = await open(file, 'r');
  try {
    const stream = handle.createReadStream({ autoClose: false, ...(signal && { signal }) });
    return await gather(stream, limit);
  } finally {
    await handle.close();
  }
}

/** The same at once, for files that are read before anything else can go on. */
export function readBoundedSync(file: string, limit: number): Buffer | undefined {
  const handle = openSync(file, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let size = 0; size <= limit; ) {
      const chunk = Buffer.alloc(64 * 1024);
      const length = readSync(handle, chunk, 0, chunk.length, null);
      if (length === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, length));
      size += length;
    }
    return undefined;
  } finally {
    closeSync(handle);
  }
}

/** Why a file of more than `limit` bytes is not taken, for messages. */
export const tooLarge = (limit: number): RangeError =>
  new RangeError(`it is larger than ${inWords(limit)}`);

/** A file's text. Throws Node's errors, and tooLarge(). */
export async function textWithin(file: string, limit: number): Promise<string> {
  const bytes = await readBounded(file, limit);
  if (!bytes) throw tooLarge(limit);
  return bytes.toString('utf8');
}

/** The same at once. */
export function textWithinSync(file: string, limit: number): string {
  const bytes = readBoundedSync(file, limit);
  if (!bytes) throw tooLarge(limit);
  return bytes.toString('utf8');
}

/** What Ozma has noted in a file, or what stands there now. Throws for more than a note may be. */
export async function readNote(file: string): Promise<unknown> {
  const bytes = await readBounded(file, limits.record);
  if (!bytes) throw new RangeError(`${file} is larger than ${inWords(limits.record)}`);
  return JSON.parse(bytes.toString('utf8'));
}
