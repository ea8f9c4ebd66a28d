/** Looks whether a system that is being started still can be: lines of doom on its console. */
import type { Guest, StopEvent } from '../../backends/backend.ts';
import { messageOf, OzError } from '../base/errors.ts';
import type { WorkContext } from './build-context.ts';
import { doomWatch, isPanic } from './doom.ts';
import { FailedStart, lostBy } from './once-more.ts';
import { guestEnded, type Watching } from './while-running.ts';

/** Bytes of console that are searched at each look. */
const consoleTail = 16 * 1024;

/** How long a doomed line is left alone, so that the reason behind it gets printed too. */
const lastWordsMs = 2000;

/** For a guest that has not yet been asked for anything. */
export function watchBoot({ clock, emit }: WorkContext, guest: Guest): Required<Watching> {
  const doomedLine = doomWatch('boot', clock);
  return {
    async look(signal) {
      const shown = await guest.console({ signal, tailBytes: consoleTail }).catch((error) => {
        signal?.throwIfAborted();
        emit({ type: 'log', level: 'debug', text: messageOf(error) });
        return null;
      });
      const doomed = doomedLine(shown);
      if (!doomed) return undefined;
      await clock.delay(lastWordsMs, signal);
      const { line, early } = doomed;
      const error = new OzError(
        'OZ_BOOT_FAILED',
        `Cannot start the installed system: its console says "${line}"`,
        { hint: 'see the console log and the screenshot in the evidence folder' },
      );
      return isPanic(line) ? new FailedStart(error, early) : error;
    },
    ended: (stop: StopEvent) => lostBy(stop, guestEnded(stop)),
  };
}
