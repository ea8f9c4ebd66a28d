/** Work in a guest over SSH, which no work outlives: its end is told at once, in its place's own words. */
import type { StopEvent } from '../../backends/backend.ts';
import { OzError } from '../base/errors.ts';
import type { WorkContext } from './build-context.ts';
import type { Stops } from './stops.ts';

/** Milliseconds between two looks. */
const pollMs = 1000;

const how: Record<StopEvent['reason'], string> = {
  shutdown: 'was shut down',
  destroyed: 'was ended',
  crashed: 'crashed',
  failed: 'failed',
};

export function guestEnded({ reason, detail }: StopEvent): OzError {
  return new OzError(
    'OZ_GUEST_ENDED',
    `Cannot finish the work in the guest: it ${how[reason]} before all was done${detail ? `: ${detail}` : ''}`,
    { hint: 'see its console log in the evidence folder' },
  );
}

/** What else is looked for meanwhile. */
export interface Watching {
  /** Why the guest will not do what it is to, or undefined while it may. */
  look?(signal?: AbortSignal): Promise<OzError | undefined>;
  /** How its end is worded. */
  ended?(stop: StopEvent): OzError;
}

/** `work` is given the context with a signal that also ends with the guest. Throws `OZ_GUEST_ENDED`. */
export async function whileRunning<C extends WorkContext, T>(
  context: C,
  stops: Stops,
  work: (context: C) => Promise<T>,
  { look, ended: word = guestEnded }: Watching = {},
): Promise<T> {
  const ended = new AbortController();
  const over = new AbortController();
  const watch = async () => {
    while (!ended.signal.aborted) {
      const stop = await stops.look(pollMs, over.signal);
      const lost = stop ? word(stop) : await look?.(over.signal);
      if (lost) ended.abort(lost);
    }
  };
  const watching = watch().catch(() => {}); // over
  const { signal } = context;
  try {
    return await work({
      ...context,
      signal: signal ? AbortSignal.any([signal, ended.signal]) : ended.signal,
    });
  } catch (error) {
    signal?.throwIfAborted();
    ended.signal.throwIfAborted(); // whatever came of it
    throw error;
  } finally {
    over.abort();
    await watching;
  }
}
