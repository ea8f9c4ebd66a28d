/** Writes a stream of small chunks in large pieces. */
import type { FileHandle } from 'node:fs/promises';
import { isZero } from './zeros.ts';

export interface ChunkWriter {
  /** Bytes taken so far, counted from the file's begin. */
  position(): number;
  write(chunk: Uint8Array): Promise<void>;
  /** Everything taken is in the file afterwards. */
  flush(): Promise<void>;
}

const pieceSize = 1 << 20;
/**
 * Writes behind `start`. With `sparse`, pieces of zeros become holes; the file
 * must have nothing behind `start` then.
 */
export function chunkWriter(handle: FileHandle, start: number, sparse = false): ChunkWriter {
  let written = start;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;

  async function flush(): Promise<void> {
    if (waitingBytes === 0) return;
    const pieces = waiting;
    const bytes = waitingBytes;
    waiting = [];
    waitingBytes = 0;
    if (sparse && pieces.every(isZero)) {
      await handle.truncate(written + bytes);
    } else {
      const result = await handle.writev(pieces, written);
      if (result.bytesWritten < bytes) await writeRest(Buffer.concat(pieces), result.bytesWritten);
    }
    written += bytes;
  }

  /** A full disk first shows as a short write; the next one tells why. */
  async function writeRest(all: Buffer, from: number): Promise<void> {
    for (let done = from; done < all.length; ) {
      const result = await handle.write(all, done, all.length - done, written + done);
      done += result.bytesWritten;
    }
  }

  return {
    position: () => written + waitingBytes,
    async write(chunk) {
      waiting.push(chunk);
      waitingBytes += chunk.length;
      if (waitingBytes >= pieceSize) await flush();
    },
    flush,
  };
}
