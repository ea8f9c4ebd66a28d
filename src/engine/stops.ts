/** The ends of a guest's runs, as a queue that can be waited on. */
import type { Guest, StopEvent } from '../../backends/backend.ts';
import type { Clock } from './clock.ts';

export interface Stops {
  /** The next end of a run, or null when `ms` have passed without one. */
  next(ms: number, signal?: AbortSignal): Promise<StopEvent | null>;
  /** Forgets ends that nobody waited for. */
  clear(): void;
  end(): void;
}

/** Listens from now on; call before the guest is started. */
export function listenForStops(guest: Guest, clock: Clock): Stops {
  const queue: StopEvent[] = [];
  let wake = () => {};
  const unsubscribe = guest.onStop((event) => {
    queue.push(event);
    wake();
  });
  return {
    async next(ms, signal) {
      signal?.throwIfAborted();
      if (queue.length === 0) {
        const tick = new AbortController();
        const either = signal ? AbortSignal.any([signal, tick.signal]) : tick.signal;
        const stopped = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const waited = clock.delay(ms, either).catch(() => {});
        await Promise.race([stopped, waited]);
        tick.abort();
        wake = () => {};
        signal?.throwIfAborted();
      }
      return queue.shift() ?? null;
    },
    clear: () => {
      queue.length = 0;
    },
    end: unsubscribe,
  };
}
