/** Reads a body in large steps, while more of it comes. */
import type { Readable } from 'node:stream';

/** A batch is passed on when it has so many bytes, … */
const enough = 512 << 10;
/** … or after so long. */
const patienceMs = 100;
/** Nothing more is read while so much waits for its reader. */
const most = 4 << 20;

/**
 * The pieces that have come since the last batch. What came before a failure is
 * passed on before that is thrown; a body that closes without its end fails by
 * ECONNRESET.
 */
export async function* batches(body: Readable): AsyncGenerator<readonly Buffer[]> {
  let waiting: Buffer[] = [];
  let size = 0;
  let over = false;
  let failure: unknown;
  let wake = () => {};
  let timer: NodeJS.Timeout | undefined;

  const ended = (error?: unknown) => {
    if (!over) failure = error;
    over = true;
    wake();
  };
  const onEnd = () => ended();
  const onClose = () =>
    ended(Object.assign(new Error('closed before its end'), { code: 'ECONNRESET' }));
  const onData = (piece: Buffer) => {
    if (size === 0) timer = setTimeout(() => wake(), patienceMs);
    waiting.push(piece);
    size += piece.length;
    if (size >= most) body.pause();
    if (size >= enough) wake();
  };
  body.on('end', onEnd).on('error', ended).on('close', onClose).on('data', onData);
  if (body.destroyed) onClose();
  try {
    for (;;) {
      if (!over && size < enough) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      clearTimeout(timer);
      if (size > 0) {
        const batch = waiting;
        waiting = [];
        size = 0;
        body.resume();
        yield batch;
      } else if (over) {
        if (failure !== undefined) throw failure;
        return;
      }
    }
  } finally {
    clearTimeout(timer);
    body.off('data', onData).destroy();
  }
}
