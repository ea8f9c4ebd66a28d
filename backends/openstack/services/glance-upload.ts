/** Sends the data of an image at flat memory, checked by its digest. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { delay } from '../../../src/base/abort.ts';
import { codeOf, messageOf, OzError } from '../../../src/base/errors.ts';
import { knowsDigest } from '../../../src/media/digest.ts';
import { runningDigest } from '../../../src/media/digest-thread.ts';
import { throttled } from '../../../src/media/progress.ts';
import { faultDetails } from '../http/failures.ts';
import { pauseMs } from '../http/pace.ts';
import { part } from './client.ts';
import type { GlanceOptions } from './glance.ts';
import type { Glance, Image, UploadSource } from './types.ts';

/** Glance hashes and may copy everything into its store before it answers. */
const idleMs = 15 * 60_000;
const mostAttempts = 5;
/** Of most Glances, as they come. */
const usualAlgorithm = 'sha512';
/** How long Glance may take to notice that a sender is gone. */
const noticeMs = 30_000;
const pollMs = 1000;

interface Sending {
  body: Readable;
  /** Of all that was read. */
  digest(): Promise<string>;
  sent(): number;
  /** What went wrong with the source itself. */
  failure(): unknown;
  /** Lets go of what it took; to be called in any case. */
  close(): void;
}

async function openSource(
  source: UploadSource,
  onProgress: (done: number, total: number | null) => void,
): Promise<Sending> {
  const stream = await source.open();
  const hash = runningDigest(usualAlgorithm, source.size);
  let sent = 0;
  let failure: unknown;
  const failed = (error: unknown): never => {
    failure = error;
    throw error;
  };
  // The stream may be a plain iterable, which nothing but its iterator ends.
  const pieces = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  async function* read(): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        const { done, value } = await pieces.next().catch(failed);
        if (done) break;
        await hash.update([value]).catch(failed);
        sent += value.length;
        // What is thrown in here is the connection's failure, not the source's.
        yield value;
        onProgress(sent, source.size);
      }
    } finally {
      await pieces.return?.();
    }
    if (source.size !== null && sent !== source.size) {
      failed(new Error(`it has ${sent} bytes instead of ${source.size}`));
    }
  }
  return {
    body: Readable.from(read(), { objectMode: false, highWaterMark: 1 << 20 }),
    digest: hash.digest,
    sent: () => sent,
    failure: () => failure,
    close: hash.close,
  };
}

/** By the algorithm of this Glance, which is told behind the transfer only; null: it can't be. */
async function digestOf(
  algorithm: string,
  sending: Sending,
  source: UploadSource,
): Promise<string | null> {
  if (algorithm === usualAlgorithm) return sending.digest();
  if (!source.repeatable || !knowsDigest(algorithm)) return null;
  const hash = createHash(algorithm);
  for await (const piece of await source.open()) hash.update(piece);
  return hash.digest('hex');
}

async function checkArrived(image: Image, sending: Sending, source: UploadSource): Promise<Image> {
  const { digest, size } = image;
  const sent = digest && (await digestOf(digest.algorithm, sending, source));
  const fits =
    (size === null || size === sending.sent()) &&
    (!digest || sent === null || sent === digest.value.toLowerCase());
  if (fits) return image;
  throw new OzError(
    'OZ_CLOUD_CORRUPT',
    `Cannot use the image ${image.name ?? image.id}: what Glance has is not what was sent`,
    { hint: 'something between here and Glance changed it: try again' },
  );
}

/** The service could not be reached, or answered that it is not well, or wants a new token. */
function mayBeRepeated(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'OZ_CLOUD_UNREACHABLE' || faultDetails(error)?.status === 401;
}

export function createUpload(
  { client, pace, log }: GlanceOptions,
  image: Glance['image'],
  waitForImage: Glance['waitForImage'],
): Glance['upload'] {
  /** The image as it is once Glance has noticed that the sender is gone. */
  async function afterBreak(id: string, signal?: AbortSignal): Promise<Image | null> {
    const end = performance.now() + Math.min(noticeMs, pace.patienceMs);
    for (;;) {
      const found = await image(id, { signal });
      if (found?.status !== 'saving' || performance.now() > end) return found;
      await delay(Math.min(pollMs, pace.backoffMs * 2), signal);
    }
  }

  return async (id, source, { signal, onProgress } = {}) => {
    const report = throttled(onProgress);
    for (let attempt = 1; ; attempt++) {
      let sending: Sending | undefined;
      try {
        await client.request({
          signal,
          method: 'PUT',
          doing: `send the image ${id}`,
          path: `/images/${part(id)}/file`,
          headers: { 'content-type': 'application/octet-stream' },
          body: {
            size: source.size,
            open: async () => {
              sending = await openSource(source, report);
              return sending.body;
            },
          },
          repeat: 'never',
          idleMs,
        });
        const done = await waitForImage(id, { signal, pollMs });
        return sending ? await checkArrived(done, sending, source) : done;
      } catch (error) {
        signal?.throwIfAborted();
        const failure = sending?.failure();
        if (failure !== undefined) {
          if (failure instanceof OzError) throw failure;
          throw new OzError(
            'OZ_CLOUD_CORRUPT',
            `Cannot send the image ${id}: its source can't be read: ${messageOf(failure)}`,
          );
        }
        if (!mayBeRepeated(error)) throw error;
        const now = await afterBreak(id, signal);
        if (now?.status === 'active' && sending) {
          return await checkArrived(now, sending, source);
        }
        if (!source.repeatable || !now || attempt >= mostAttempts) throw error;
        if (now.status !== 'queued') {
          throw new OzError(
            'OZ_CLOUD_UNSURE',
            `Cannot send the image ${id}: the connection was dropped, and Glance can't take it again (${now.status})`,
            { hint: 'delete this image and make it anew', cause: error },
          );
        }
        log(`sending the image ${id} again`);
        await delay(pauseMs(attempt, pace), signal);
      } finally {
        sending?.close();
      }
    }
  };
}
