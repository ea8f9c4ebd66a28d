/**
 * Waits for an installer: success is the guest powering off the expected
 * number of times; failure is a crash, a line of doom on the console, too long
 * without activity, or the deadline.
 */
import type { Activity, Guest, StopEvent } from '../../backends/backend.ts';
import { OzError } from '../base/errors.ts';
import { type ActivityReport, activityWatcher } from './activity.ts';
import type { Clock } from './clock.ts';
import type { ShownConsole } from './console-lines.ts';
import { type Doomed, doomWatch, isPanic } from './doom.ts';
import type { Emit } from './events.ts';
import { FailedStart, lostBy } from './once-more.ts';
import type { Stops } from './stops.ts';

export interface WaitOptions {
  guest: Guest;
  stops: Stops;
  clock: Clock;
  emit: Emit;
  signal?: AbortSignal | undefined;
  /** Power-offs before the last one, after each of which the guest is started again. */
  reboots: number;
  /** Milliseconds. */
  timeouts: { install: number; inactivity: number };
  failurePatterns: readonly string[];
  /** Nothing is to be expected on the console: silence there is no inactivity. */
  silentConsole?: boolean | undefined;
  /** Starts the guest again. */
  restart: () => Promise<void>;
  /** Milliseconds between two looks. */
  pollMs?: number | undefined;
  /** Keeps the last look for the evidence. */
  onReport?: (report: ActivityReport) => void;
  /** Is shown what the console showed at the look, and the counters. */
  onLook?: (shown: ShownConsole | null, activity: Activity | null) => void;
}

/** Bytes of console that are searched at each look; more than a second's output. */
const consoleTail = 16 * 1024;

/** How long a doomed line is left alone, so that the reason behind it gets printed too. */
const lastWordsMs = 2000;

const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;

function stopError(stop: StopEvent, first: boolean): OzError {
  const why = stop.detail ? `: ${stop.detail}` : '';
  const error = new OzError(
    'OZ_INSTALL_CRASHED',
    `Cannot finish the install: the guest ${stop.reason === 'crashed' ? 'crashed' : 'was ended'}${why}`,
    { hint: 'see the console log and the screenshot in the evidence folder' },
  );
  return first ? lostBy(stop, error) : error;
}

async function failEarly(
  options: WaitOptions,
  { line, early }: Doomed,
  first: boolean,
): Promise<never> {
  await options.clock.delay(lastWordsMs, options.signal);
  const error = new OzError(
    'OZ_INSTALL_FAILED',
    `Cannot finish the install: the installer says "${line}"`,
    { hint: 'see the console log in the evidence folder' },
  );
  throw first && isPanic(line) ? new FailedStart(error, early) : error;
}

/** Resolves when the install is done; throws OzError OZ_INSTALL_…. */
export async function waitForInstall(options: WaitOptions): Promise<void> {
  const { guest, stops, clock, emit, signal, timeouts } = options;
  const pollMs = options.pollMs ?? 1000;
  const doomedLine = doomWatch('install', clock, options.failurePatterns);
  const look = activityWatcher(guest, { silentConsole: options.silentConsole });
  const begin = clock.now();
  let remaining = options.reboots;
  let lastActive = begin;
  let known = '';
  while (true) {
    // Counters begin anew with each start: what a later one has not written, an earlier one has.
    const first = remaining === options.reboots;
    const stop = await stops.look(pollMs, signal);
    if (stop) {
      if (stop.reason !== 'shutdown') throw stopError(stop, first);
      if (remaining-- === 0) return;
      emit({ type: 'mark', mark: 'guest-restarted' });
      stops.clear();
      await options.restart();
      lastActive = clock.now();
      continue;
    }
    const report = await look(signal);
    options.onReport?.(report);
    const now = clock.now();
    if (report.active) lastActive = now;
    const sources = report.sources.join(', ') || 'the deadline alone';
    if (sources !== known) {
      emit({ type: 'log', level: 'info', text: `activity is judged by: ${sources}` });
      known = sources;
    }
    const shown = await guest.console({ signal, tailBytes: consoleTail });
    const doomed = doomedLine(shown);
    if (doomed) await failEarly(options, doomed, first);
    options.onLook?.(shown, report.last.activity);
    if (now - begin >= timeouts.install) {
      throw new OzError(
        'OZ_INSTALL_TIMEOUT',
        `Cannot finish the install: not done after ${seconds(timeouts.install)}`,
        { hint: 'give it longer with -t, or [timeouts] install in oz.cfg' },
      );
    }
    if (report.sources.length > 0 && now - lastActive >= timeouts.inactivity) {
      throw new OzError(
        'OZ_INSTALL_INACTIVE',
        `Cannot finish the install: no ${report.sources.join(' or ')} activity for ${seconds(timeouts.inactivity)}`,
        {
          hint: 'the installer failed or waits for an answer: see the screenshot and the console log; [timeouts] inactivity sets the limit',
        },
      );
    }
  }
}
