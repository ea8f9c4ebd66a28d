/**
 * The digest of a file while it is being written. A thread reads behind the writer, and takes
 * the processor only when nothing else wants it: a fast transfer is slowed down by SHA-512
 * beside it, and what waits for the digest mostly has other work to do first.
 */
import { OzError } from '../base/errors.ts';
import { startWorker } from '../base/start-worker.ts';
import type { FileDigestData, FileDigestNews, Grown } from './file-digest-worker.ts';

export interface FileDigest {
  /** So many bytes from the file's begin are there and change no more. */
  grown(bytes: number): void;
  /** Of all bytes named, in lower-case hexadecimal. Rejects with the system's error for reading. */
  digest(): Promise<string>;
  /** Gives it up; harmless behind digest(), which else rejects. */
  close(): void;
}

export function followFile(algorithm: string, file: string): FileDigest {
  const data: FileDigestData = { algorithm, file };
  const worker = startWorker('src/media/file-digest-worker', data);
  const result = new Promise<string>((resolve, reject) => {
    worker.on('message', (news: FileDigestNews) => resolve(news.digest));
    worker.on('error', reject);
    worker.on('exit', () =>
      reject(
        new OzError('OZ_INTERNAL', 'Cannot work out a digest: the thread for it has ended', {
          hint: 'the limits of threads and memory may be too low here',
        }),
      ),
    );
  });
  result.catch(() => {}); // whoever asks for the digest gets it
  const post = (message: Grown) => worker.postMessage(message);
  return {
    grown: (bytes) => post({ bytes }),
    digest() {
      post('end');
      return result;
    },
    close() {
      void worker.terminate();
    },
  };
}
