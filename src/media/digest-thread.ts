/**
 * The digest of bytes that pass by, worked out in a thread of its own: a fast
 * transfer is slowed down by SHA-512 in its own thread.
 */
import { createHash } from 'node:crypto';
import { OzError } from '../base/errors.ts';
import { startWorker } from '../base/start-worker.ts';
import type { DigestWorkerData, Filled, Hashed } from './digest-worker.ts';

export interface RunningDigest {
  /**
   * Takes copies. Await it before anything else is given: it waits where hashing
   * is behind. Throws `OZ_INTERNAL` when the thread is gone.
   */
  update(pieces: readonly Uint8Array[]): Promise<void>;
  /** Of all that was given, in lower-case hexadecimal. */
  digest(): Promise<string>;
  /** Gives it up; harmless behind digest(). */
  close(): void;
}

/** What is smaller is hashed sooner than a thread has started. */
const worthAThread = 32 << 20;

const blockBytes = 512 << 10;
/** Enough to bridge the time in which the thread has no processor. */
const blocks = 16;

function digestHere(algorithm: string): RunningDigest {
  const hash = createHash(algorithm);
  return {
    async update(pieces) {
      for (const piece of pieces) hash.update(piece);
    },
    digest: async () => hash.digest('hex'),
    close: () => {},
  };
}

function digestInThread(algorithm: string): RunningDigest {
  const memory = new SharedArrayBuffer(blocks * blockBytes);
  const bytes = new Uint8Array(memory);
  const data: DigestWorkerData = { algorithm, memory, blockBytes };
  const worker = startWorker('src/media/digest-worker', data);
  const free = Array.from({ length: blocks }, (_, block) => block);
  let current: number | undefined;
  let filled = 0;
  let result: string | undefined;
  let failure: OzError | undefined;
  let wake = () => {};

  worker.on('message', (message: Hashed) => {
    if ('free' in message) free.push(message.free);
    else result = message.digest;
    wake();
  });
  const gone = (cause?: Error) => {
    failure ??= new OzError(
      'OZ_INTERNAL',
      `Cannot work out a digest: the thread for it has ended${cause ? `: ${cause.message}` : ''}`,
      { hint: 'the limits of threads and memory may be too low here', cause },
    );
    wake();
  };
  worker.on('error', gone);
  worker.on('exit', () => gone());

  /** The next thing that the thread tells. */
  async function news(): Promise<void> {
    if (failure) throw failure;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }

  const post = (message: Filled) => worker.postMessage(message);

  function pass(block: number): void {
    post({ block, bytes: filled });
    current = undefined;
    filled = 0;
  }

  return {
    async update(pieces) {
      for (const piece of pieces) {
        for (let done = 0; done < piece.length; ) {
          current ??= free.pop();
          if (current === undefined) {
            await news();
            continue;
          }
          const part = piece.subarray(done, done + blockBytes - filled);
          bytes.set(part, current * blockBytes + filled);
          filled += part.length;
          done += part.length;
          if (filled === blockBytes) pass(current);
        }
      }
    },
    async digest() {
      if (current !== undefined) pass(current);
      post('end');
      while (result === undefined) await news();
      return result;
    },
    close() {
      void worker.terminate();
    },
  };
}

/** `size`: of all bytes, in bytes; null: unknown. */
export function runningDigest(algorithm: string, size: number | null): RunningDigest {
  const small = size !== null && size < worthAThread;
  return small ? digestHere(algorithm) : digestInThread(algorithm);
}
