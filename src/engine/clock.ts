/** Time, so that tests can bring their own. */
import { delay } from '../base/abort.ts';

export interface Clock {
  /** Milliseconds, from any origin, never going back. */
  now(): number;
  delay(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = { now: () => performance.now(), delay };
