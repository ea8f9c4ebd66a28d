/** The thread of file-digest.ts: hashes what the file has grown by. */
import { createHash } from 'node:crypto';
import { openSync, readSync } from 'node:fs';
import os from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';

export interface FileDigestData {
  algorithm: string;
  file: string;
}

/** Bytes that are there from the file's begin; `end`: that was all. */
export type Grown = { bytes: number } | 'end';

export interface FileDigestNews {
  digest: string;
}

const niceness = 19;
const blockBytes = 512 << 10;

// Linux alone has a priority for each thread; elsewhere this would slow down the whole process.
if (os.platform() === 'linux') os.setPriority(niceness);

const { algorithm, file } = workerData as FileDigestData;
const hash = createHash(algorithm);
const block = Buffer.alloc(blockBytes);
const handle = openSync(file, 'r'); // closed with the thread
let position = 0;

parentPort?.on('message', (grown: Grown) => {
  if (grown === 'end') {
    parentPort?.postMessage({ digest: hash.digest('hex') } satisfies FileDigestNews);
    parentPort?.close();
    return;
  }
  while (position < grown.bytes) {
    const wanted = Math.min(blockBytes, grown.bytes - position);
    const read = readSync(handle, block, 0, wanted, position);
    if (read === 0) throw new Error(`${file} has become shorter while it was read`);
    hash.update(block.subarray(0, read));
    position += read;
  }
});
