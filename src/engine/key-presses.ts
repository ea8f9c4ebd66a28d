/** Presses keys for a boot loader that waits for one. */
import type { Guest } from '../../backends/backend.ts';
import { messageOf } from '../base/errors.ts';
import type { KeyPresses } from '../plan/types.ts';
import type { Clock } from './clock.ts';
import type { Emit } from './events.ts';

export interface PressOptions {
  guest: Guest;
  /** Absent: none are to be pressed. */
  keys: KeyPresses | undefined;
  clock: Clock;
  emit: Emit;
  signal?: AbortSignal | undefined;
}

/**
 * Presses them until their time is over or the returned function is called. A
 * guest that takes none is no failure, since the next press may reach it and the
 * waiter notices what comes of it; where none has, a warning says so, once.
 */
export function pressKeys({ guest, keys, clock, emit, signal }: PressOptions): () => void {
  if (!keys) return () => {};
  const own = new AbortController();
  const both = signal ? AbortSignal.any([signal, own.signal]) : own.signal;
  const press = async () => {
    const end = clock.now() + keys.until;
    let pressed = 0;
    let failure: unknown;
    while (clock.now() < end) {
      await clock.delay(keys.every, both);
      try {
        await guest.sendKeys(keys.codes, { signal: both });
        pressed++;
      } catch (error) {
        both.throwIfAborted();
        failure = error;
      }
    }
    if (pressed > 0) return;
    emit({
      type: 'log',
      level: 'warning',
      text: `the installer may wait for a key, and none could be pressed: watch its screen (${messageOf(failure)})`,
    });
  };
  press().catch(() => {}); // stopped
  return () => own.abort();
}
