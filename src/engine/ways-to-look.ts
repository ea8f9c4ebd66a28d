/** Says once, at a guest's start, how people look at it. */
import type { Guest } from '../../backends/backend.ts';
import { messageOf } from '../base/errors.ts';
import type { Emit } from './events.ts';

/** A guest that can't be looked at is no reason to give it up. */
export async function tellWaysToLook(
  guest: Guest,
  emit: Emit,
  signal?: AbortSignal,
): Promise<void> {
  try {
    const ways = await guest.watch?.({ signal });
    if (ways) emit({ type: 'watch', guest: guest.name, ...ways });
  } catch (error) {
    signal?.throwIfAborted();
    emit({
      type: 'log',
      level: 'debug',
      text: `it is not known how to look at the guest: ${messageOf(error)}`,
    });
  }
}
