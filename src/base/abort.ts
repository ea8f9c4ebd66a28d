/** Waiting that an AbortSignal can end. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits `ms` milliseconds; rejects with the signal's reason when it is aborted first. */
export async function delay(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error;
  }
}

/** A signal that is aborted `ms` after the given one. */
export function later(signal: AbortSignal, ms: number): { signal: AbortSignal; clear(): void } {
  const own = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    timer = setTimeout(() => own.abort(signal.reason), ms);
  };
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
  return {
    signal: own.signal,
    clear() {
      signal.removeEventListener('abort', begin);
      clearTimeout(timer);
    },
  };
}

/** Node's timers fire at once beyond it. */
const longestMs = 2 ** 31 - 1;

/** A signal that is aborted by the given one, or after `ms` with `reason`. */
export function deadline(
  ms: number,
  reason: () => Error,
  signal?: AbortSignal,
): { signal: AbortSignal; clear(): void } {
  const own = new AbortController();
  const timer = setTimeout(() => own.abort(reason()), Math.min(ms, longestMs));
  timer.unref();
  return {
    signal: signal ? AbortSignal.any([signal, own.signal]) : own.signal,
    clear: () => clearTimeout(timer),
  };
}
