/** How a failure is told, and the exit code it leads to. */
import { codeOf, messageOf, OzError } from '../base/errors.ts';
import type { BuildEvent } from '../engine/events.ts';
import type { Io } from './io.ts';
import { printable } from './render/format.ts';
import type { LogLevel } from './values.ts';

/** The fields of an `error` event. */
export function errorFields(error: unknown): Omit<BuildEvent & { type: 'error' }, 'at'> {
  const known = error instanceof OzError ? error : undefined;
  return {
    type: 'error',
    code: known?.code ?? codeOf(error) ?? 'OZ_UNEXPECTED',
    message: messageOf(error),
    hint: known?.hint,
    evidence: known?.evidence,
  };
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const cause = error.cause === undefined ? '' : `Caused by: ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}\n${cause}`;
}

/** Tells it on standard error; the stack only from `-d3` on. Returns the exit code. */
export function reportError(io: Io, error: unknown, level: LogLevel): number {
  const { message, hint, evidence } = errorFields(error);
  const expected = error instanceof OzError;
  const lines = [`Error: ${printable(message)}`];
  if (hint) lines.push(`Hint: ${printable(hint)}`);
  else if (!expected && level < 3)
    lines.push('Hint: this was not foreseen; -d3 shows where it happened');
  if (evidence) lines.push(`Evidence: ${evidence}`);
  const wanted = level >= 3 && codeOf(error) !== 'OZ_INTERRUPTED';
  if (wanted) lines.push(printable(stackOf(error)).trimEnd());
  io.stderr.write(`${lines.join('\n')}\n`);
  return expected ? error.exitCode : 1;
}
