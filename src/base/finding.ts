/** What `oz doctor` says: one thing that was looked at, and what mends it. */
import { messageOf, OzError } from './errors.ts';

export type FindingState = 'ok' | 'warning' | 'problem';

export interface Finding {
  /** What was looked at, in a word that stays the same: `kvm`, `network`, `quota`. */
  check: string;
  /** `problem`: no build works before it is mended; `warning`: some do not, or slowly. */
  state: FindingState;
  text: string;
  /** What to type or to do. */
  fix?: string | undefined;
}

const made =
  (state: FindingState) =>
  (check: string, text: string, fix?: string): Finding => ({
    check,
    state,
    text,
    ...(fix && { fix }),
  });

export const fine = made('ok');
export const warning = made('warning');
export const problem = made('problem');

/** A failure as a problem: its message, and its hint as what mends it. */
export function problemOf(check: string, error: unknown): Finding {
  return problem(check, messageOf(error), error instanceof OzError ? error.hint : undefined);
}

/** A command for root, as this user has to type it. */
export function asRoot(command: string): string {
  return process.geteuid?.() === 0 ? command : `sudo ${command}`;
}
