/** Gets the data of an image, going on after dropped connections. */
import { delay } from '../../../src/base/abort.ts';
import { OzError } from '../../../src/base/errors.ts';
import { throttled } from '../../../src/media/progress.ts';
import { untilStalled } from '../../../src/media/sources/stall.ts';
import type { BodyAnswer } from '../http/body-wire.ts';
import { brokenOff, unreachable } from '../http/failures.ts';
import { pauseMs } from '../http/pace.ts';
import { part } from './client.ts';
import type { GlanceOptions } from './glance.ts';
import type { Glance, Image } from './types.ts';

/** A reader may be slow; a server that sends nothing for stallMs is not waited for. */
const idleMs = 30 * 60_000;
const stallMs = 120_000;
/** Attempts in a row that bring nothing. */
const mostVain = 6;

function lengthOf({ headers }: BodyAnswer): number | null {
  const length = headers['content-length'];
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : null;
}

/** Where the body begins: some Glances and proxies ignore the range and send all. */
function startOf({ status, headers }: BodyAnswer): number {
  const match = /^bytes (\d+)-/.exec(headers['content-range'] ?? '');
  return status === 206 && match ? Number(match[1]) : 0;
}

const bytesOf = (pieces: readonly Buffer[]) => pieces.reduce((sum, { length }) => sum + length, 0);

/** The pieces without their first bytes. */
function behind(pieces: readonly Buffer[], bytes: number): readonly Buffer[] {
  if (bytes <= 0) return pieces;
  let skip = bytes;
  return pieces.flatMap((piece) => {
    const rest = piece.subarray(skip);
    skip = Math.max(0, skip - piece.length);
    return rest.length > 0 ? [rest] : [];
  });
}

function tooLong(image: Image, total: number): OzError {
  return new OzError(
    'OZ_CLOUD_CORRUPT',
    `Cannot download the image ${image.name ?? image.id}: more than its ${total} bytes came`,
    { hint: 'try again; if it stays so, a proxy on the way is at fault' },
  );
}

export function createDownload({ client, pace, log }: GlanceOptions): Glance['download'] {
  return async function* download(image, { signal, onProgress } = {}) {
    const report = throttled(onProgress);
    const doing = `download the image ${image.name ?? image.id}`;
    let total = image.size;
    let position = 0;
    let vain = 0;
    for (;;) {
      const answer = await client.open({
        signal,
        doing,
        path: `/images/${part(image.id)}/file`,
        headers: {
          accept: 'application/octet-stream',
          'accept-encoding': 'identity',
          ...(position > 0 ? { range: `bytes=${position}-` } : {}),
        },
        idleMs,
      });
      if (answer.status === 204) total = 0; // an image without data
      if (position === 0) total ??= lengthOf(answer);
      const before = position;
      let ahead = position - startOf(answer); // bytes of the body that are here already
      let failure: unknown;
      const { body } = answer;
      try {
        if (ahead < 0) throw Object.assign(new Error('wrong range'), { code: 'ECONNRESET' });
        for await (const batch of untilStalled(body, stallMs, () => body.destroy())) {
          const pieces = behind(batch, ahead);
          const bytes = bytesOf(pieces);
          ahead = Math.max(0, ahead - bytesOf(batch));
          if (bytes === 0) continue;
          position += bytes;
          yield pieces;
          report(position, total);
        }
      } catch (error) {
        if (error instanceof OzError) throw error;
        failure = error;
      } finally {
        body.destroy();
      }
      signal?.throwIfAborted();
      if (total === null ? failure === undefined : position >= total) break;
      vain = position > before ? 1 : vain + 1;
      const broken = brokenOff(failure ?? { code: 'ECONNRESET' });
      const failed = { service: client.service, doing };
      if (broken.lasting || vain >= mostVain) throw unreachable(failed, 'its endpoint', broken);
      log(`${client.service}: the download broke off at ${position} bytes; going on there`);
      await delay(pauseMs(vain, pace), signal);
    }
    if (total !== null && position > total) throw tooLong(image, total);
  };
}
