/** Presses keys for a boot loader that waits for one. */
import type { Guest } from '../../backends/backend.ts';
import type { KeyPresses } from '../plan/types.ts';
import type { Clock } from './clock.ts';

/**
 * Presses them until their time is over or the returned function is called. A
 * guest that takes none is no failure: the waiter notices what comes of it.
 */
export function pressKeys(
  guest: Guest,
  keys: KeyPresses | undefined,
  clock: Clock,
  signal?: AbortSignal,
): () => void {
  if (!keys) return () => {};
  const own = new AbortController();
  const both = signal ? AbortSignal.any([signal, own.signal]) : own.signal;
  const press = async () => {
    const end = clock.now() + keys.until;
    while (clock.now() < end) {
      await clock.delay(keys.every, both);
      await guest.sendKeys(keys.codes, { signal: both });
    }
  };
  press().catch(() => {});
  return () => own.abort();
}
