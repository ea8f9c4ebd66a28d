/** Progress of transfers, not reported oftener than a reader can use. */

/** Bytes done of bytes in total; `total` is null while it is unknown. */
export type ProgressListener = (done: number, total: number | null) => void;

const intervalMs = 100;

/** The same listener, called at most every 100 ms, and always for the last byte. */
export function throttled(listener: ProgressListener | undefined): ProgressListener {
  if (!listener) return () => {};
  let last = Number.NEGATIVE_INFINITY;
  return (done, total) => {
    const now = performance.now();
    if (now - last < intervalMs && done !== total) return;
    last = now;
    listener(done, total);
  };
}
