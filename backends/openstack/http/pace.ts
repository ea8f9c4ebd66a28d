/** How long, how often and with which pauses requests are repeated. */
import type { IncomingHttpHeaders } from 'node:http';
import { retryAfterMs } from '../../../src/media/sources/failures.ts';

export interface Pace {
  /** How long a service that has answered before may be away (an endpoint that restarts). */
  patienceMs: number;
  /** The same for one that never answered: mostly a wrong address. */
  firstContactMs: number;
  /** First pause; doubled each time. */
  backoffMs: number;
  longestBackoffMs: number;
  /** Longest pause that a busy service is granted. */
  longestRetryAfterMs: number;
  /** Attempts in all for a service that is there and answers 500. */
  faultyAttempts: number;
  /** How long a request that makes something is heard out when all is to end. */
  lastWordMs: number;
}

export const usualPace: Pace = {
  patienceMs: 120_000,
  firstContactMs: 15_000,
  backoffMs: 500,
  longestBackoffMs: 10_000,
  longestRetryAfterMs: 600_000,
  faultyAttempts: 5,
  lastWordMs: 15_000,
};

/** The pause before the attempt after the `n`th: half of it by chance, so that clients spread. */
export function pauseMs(n: number, pace: Pace): number {
  const full = Math.min(pace.backoffMs * 2 ** (n - 1), pace.longestBackoffMs);
  return full / 2 + Math.random() * (full / 2);
}

/** What the service asks for, if it does. */
export function askedPauseMs(headers: IncomingHttpHeaders): number | undefined {
  return retryAfterMs(headers['retry-after'], headers.date);
}
