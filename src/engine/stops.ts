/** The ends of a guest's runs, as a queue that can be waited on. */
import type { Guest, GuestState, StopEvent } from '../../backends/backend.ts';
import type { Clock } from './clock.ts';

export interface Stops {
  /** The next end of a run, or null when `ms` have passed without one. */
  next(ms: number, signal?: AbortSignal): Promise<StopEvent | null>;
  /** The same for waiting round by round: now and then looks for an end that nobody told. */
  look(ms: number, signal?: AbortSignal): Promise<StopEvent | null>;
  /** Forgets ends that nobody waited for. */
  clear(): void;
  end(): void;
}

/** Rounds of look() between two questions for the guest's state, should an event have been lost. */
const stateEvery = 15;

const endOf: Partial<Record<GuestState, StopEvent>> = {
  gone: { reason: 'failed', detail: 'it is gone, and how it ended is not known' },
  stopped: { reason: 'shutdown' },
  error: { reason: 'crashed' },
  crashed: { reason: 'crashed' },
};

/** Listens from now on; call before the guest is started. */
export function listenForStops(guest: Guest, clock: Clock): Stops {
  const queue: StopEvent[] = [];
  let wake = () => {};
  let rounds = 0;
  const unsubscribe = guest.onStop((event) => {
    queue.push(event);
    wake();
  });
  const next: Stops['next'] = async (ms, signal) => {
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
  };
  return {
    next,
    async look(ms, signal) {
      const stop = await next(ms, signal);
      if (stop || ++rounds % stateEvery !== 0) return stop;
      const end = endOf[await guest.state({ signal })] ?? null;
      // What was told meanwhile says more than the state.
      return queue.shift() ?? end;
    },
    clear: () => {
      queue.length = 0;
    },
    end: unsubscribe,
  };
}
