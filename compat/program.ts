/** What the programs of compat/ share: exit codes, worded errors, an end by Ctrl-C. */
import { messageOf, OzError } from '../src/base/errors.ts';

/** The reason of a signal's abort: what the shell gives for it is the exit code. */
export class Interrupted extends OzError {
  constructor(exitCode: number) {
    super('OZ_INTERRUPTED', 'Interrupted', { exitCode });
  }
}

const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Runs a program to its exit code; SIGINT, SIGTERM and SIGHUP abort its signal. */
export async function runProgram(main: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const controller = new AbortController();
  for (const [name, code] of Object.entries(codes)) {
    process.on(name, () => controller.abort(new Interrupted(code)));
  }
  try {
    process.exitCode = await main(controller.signal);
  } catch (thrown) {
    // What failed because of the abort is the abort.
    const error: unknown = controller.signal.aborted ? controller.signal.reason : thrown;
    const known = error instanceof OzError ? error : undefined;
    console.error(`Error: ${messageOf(error)}`);
    if (known?.hint) console.error(`Hint: ${known.hint}`);
    process.exitCode = known?.exitCode ?? 1;
  }
}
