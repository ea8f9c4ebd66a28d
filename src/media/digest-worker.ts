/** The thread of digest-thread.ts: hashes the blocks that are filled, in turn. */
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';

export interface DigestWorkerData {
  algorithm: string;
  /** Shared blocks of blockBytes each, one behind the other. */
  memory: SharedArrayBuffer;
  blockBytes: number;
}

/** So many bytes of a block; `end`: that is all. */
export type Filled = { block: number; bytes: number } | 'end';

/** A block that may be filled again, or the digest in hexadecimal. */
export type Hashed = { free: number } | { digest: string };

const { algorithm, memory, blockBytes } = workerData as DigestWorkerData;
const hash = createHash(algorithm);
const port = parentPort;

port?.on('message', (filled: Filled) => {
  if (filled === 'end') {
    port.postMessage({ digest: hash.digest('hex') } satisfies Hashed);
    port.close();
    return;
  }
  const { block, bytes } = filled;
  hash.update(new Uint8Array(memory, block * blockBytes, bytes));
  port.postMessage({ free: block } satisfies Hashed);
});
