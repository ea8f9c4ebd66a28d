/** A start that fails before anything came of it is tried once more, with a new guest. */
import path from 'node:path';
import type { GuestSpec, StopEvent } from '../../backends/backend.ts';
import { messageOf, OzError } from '../base/errors.ts';
import type { WorkContext } from './build-context.ts';
import { type MadeGuest, makeGuest } from './make-guest.ts';

/** Thrown where a guest was lost, and not because of what it was to do. */
export class FailedStart extends OzError {
  /** It had hardly begun. */
  readonly early: boolean;
  constructor({ code, message, hint }: OzError, early = false) {
    super(code, message, { hint });
    this.early = early;
  }
}

/** What a guest was lost by: `error`, which may be worth another start. */
export function lostBy({ reason }: StopEvent, error: OzError): OzError {
  return reason === 'crashed' || reason === 'failed' ? new FailedStart(error) : error;
}

/** Whether its disk is as it was. What nobody can tell counts as written. */
async function isUntouched(
  { guest, hasWritten }: MadeGuest,
  { early }: FailedStart,
  signal?: AbortSignal,
): Promise<boolean> {
  if ((await guest.state({ signal })) === 'running') {
    const written = (await guest.activity({ signal }))?.bytesWritten ?? null;
    return written === null ? early : written === 0;
  }
  return (await hasWritten()) === false;
}

const numbered = (file: string, attempt: number) => {
  const { dir, name, ext } = path.parse(file);
  return attempt === 1 ? file : path.join(dir, `${name}-${attempt}${ext}`);
};

/** `run` starts the guest; a FailedStart means that it has not begun what it is for. */
export async function onceMore<T>(
  context: WorkContext,
  spec: GuestSpec,
  run: (made: MadeGuest) => Promise<T>,
): Promise<T> {
  const { emit, signal, witness } = context;
  for (let attempt = 1; ; attempt++) {
    const consoleLog = numbered(spec.consoleLog, attempt);
    const made = await makeGuest(context, { ...spec, consoleLog });
    try {
      return await run(made);
    } catch (error) {
      made.stops.end();
      if (attempt > 1 || !(error instanceof FailedStart) || signal?.aborted) throw error;
      const untouched = await isUntouched(made, error, signal).catch(() => false);
      if (!untouched) throw error;
      emit({
        type: 'log',
        level: 'warning',
        text: `${messageOf(error)}; nothing was written to its disk: starting it once more`,
      });
      emit({ type: 'mark', mark: 'guest-started-once-more', detail: { code: error.code } });
      witness.guest = null;
      await made.guest.destroy();
    }
  }
}
