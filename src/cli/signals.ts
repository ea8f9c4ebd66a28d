/** Ctrl-C and its relatives: the first one ends the work in good order, the second at once. */
import { OzError } from '../base/errors.ts';
import { ignoresHangUps } from '../base/hang-up.ts';
import type { Io } from './io.ts';

const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

type Caught = keyof typeof numbers;

const all = Object.keys(numbers) as Caught[];

/**
 * What comes again so soon (ms) is the same one: timeout(1) signals the process and its group, a
 * shell passes a hang-up on that the terminal has told already, npm does so with Ctrl-C.
 */
const echoMs = 500;

/**
 * Runs `work` with a signal that SIGINT, SIGTERM and SIGHUP (but under nohup) abort. The reason
 * is an OzError whose exit code is 128 plus the signal's number. An error that
 * nothing has caught aborts it too: guests and servers must not outlive that.
 */
export async function withSignals<T>(
  io: Io,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const caught = all.filter((name) => name !== 'SIGHUP' || !ignoresHangUps());
  let first = 0;
  const listener = (name: NodeJS.Signals) => {
    const exitCode = 128 + numbers[name as Caught];
    if (controller.signal.aborted) {
      if (performance.now() - first < echoMs) return;
      io.stderr.write('\nEnded at once; the next run clears what is left.\n');
      return io.exit(exitCode);
    }
    first = performance.now();
    io.stderr.write(`\n${name}: cleaning up (once more ends at once)\n`);
    controller.abort(
      new OzError('OZ_INTERRUPTED', `Cannot finish: interrupted by ${name}`, { exitCode }),
    );
  };
  const unforeseen = (error: Error) => controller.abort(error);
  for (const name of caught) io.signals.on(name, listener);
  io.signals.on('uncaughtException', unforeseen);
  try {
    return await work(controller.signal);
  } catch (error) {
    // What failed because of the abort is the abort.
    if (controller.signal.aborted) throw controller.signal.reason;
    throw error;
  } finally {
    for (const name of caught) io.signals.off(name, listener);
    io.signals.off('uncaughtException', unforeseen);
  }
}
