/** Repeats what may succeed at another attempt, with growing pauses. */
import { delay } from '../base/abort.ts';
import { OzError } from '../base/errors.ts';
import { TransientFailure } from './sources/source.ts';

export interface RetryOptions {
  signal?: AbortSignal | undefined;
  /** Attempts after the first that bring nothing new; 4 unless told. */
  retries?: number | undefined;
  /** Milliseconds before the second attempt, doubled each time; 1000 unless told. */
  backoffMs?: number | undefined;
  log?: ((text: string) => void) | undefined;
}

/** Longest pause that a server is granted; one that asks for more is given up. */
const longestPauseMs = 10 * 60_000;
const longestBackoffMs = 30_000;
/** A host that can't even be reached at first is mostly a wrong name. */
const retriesWithoutContact = 2;
/** Attempts in all, for a server that breaks off again and again. */
const mostAttempts = 100;

export interface Progressing {
  /** Something that only grows while there is success, such as a count of bytes; negative: no contact yet. */
  mark(): number;
}

/**
 * Calls `attempt` until it succeeds or throws anything but a TransientFailure.
 * An attempt that gets further than any before starts the count anew.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  progress: Progressing,
  { signal, retries = 4, backoffMs = 1000, log }: RetryOptions,
): Promise<T> {
  let best = progress.mark();
  let vain = 0;
  for (let attempts = 1; ; attempts++) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TransientFailure)) throw error;
      const mark = progress.mark();
      vain = mark > best && mark > 0 ? 1 : vain + 1;
      best = Math.max(best, mark);
      const limit = best < 0 ? Math.min(retries, retriesWithoutContact) : retries;
      if (vain > limit || attempts >= mostAttempts) throw error.error;
      const pause = error.retryAfterMs ?? Math.min(backoffMs * 2 ** (vain - 1), longestBackoffMs);
      if (pause > longestPauseMs) {
        throw new OzError(
          error.error.code,
          `${error.error.message} (and asks to wait ${Math.round(pause / 60_000)} minutes)`,
          { hint: error.error.hint },
        );
      }
      log?.(`${error.error.message}; trying again in ${(pause / 1000).toFixed(1)} s`);
      await delay(pause, signal);
    }
  }
}
