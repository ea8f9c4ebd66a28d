/** How a failure is told, and the exit code it leads to. */
import { codeOf, type Kept, messageOf, OzError } from '../base/errors.ts';
import { systemError } from '../base/system-errors.ts';
import type { BuildEvent } from '../engine/events.ts';
import type { Io } from './io.ts';
import { paint, type Style } from './render/color.ts';
import { printable } from './render/format.ts';
import type { LogLevel } from './values.ts';

/** The fields of an `error` event. */
export function errorFields(error: unknown): Omit<BuildEvent & { type: 'error' }, 'at'> {
  const known = error instanceof OzError ? error : systemError(error);
  return {
    type: 'error',
    code: known?.code ?? codeOf(error) ?? 'OZ_UNEXPECTED',
    message: known?.message ?? messageOf(error),
    hint: known?.hint,
    evidence: known?.evidence,
    console: known?.console,
  };
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const cause = error.cause === undefined ? '' : `Caused by: ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}\n${cause}`;
}

const indented = (lines: readonly string[]) => lines.map((line) => `  ${printable(line)}`);

/** What was kept, as commands to copy. */
function keptLines({ look, remove }: Kept): string[] {
  return [
    ...(look.length > 0 ? ['Kept for you. To look at it:', ...indented(look)] : []),
    ...(remove.length > 0 ? ['To remove it:', ...indented(remove)] : []),
  ];
}

const labels: Readonly<Record<string, readonly Style[]>> = {
  'Error:': ['red', 'bold'],
  'Hint:': ['cyan'],
  'Evidence:': ['bold'],
};

/** The label at the start of a line stands out. */
const withLabel = (io: Io, line: string) =>
  line.replace(/^\w+:/, (label) => paint(io.stderr, label, ...(labels[label] ?? [])));

/** Tells it on standard error; the stack only from `-d3` on. Returns the exit code. */
export function reportError(io: Io, error: unknown, level: LogLevel): number {
  const { message, hint, evidence, console: said } = errorFields(error);
  const expected = error instanceof OzError;
  const lines = [`Error: ${printable(message)}`];
  if (said) lines.push("The last lines of the guest's console:", ...indented(said));
  if (hint) lines.push(`Hint: ${printable(hint)}`);
  else if (!expected && level < 3)
    lines.push('Hint: this was not foreseen; -d3 shows where it happened');
  if (evidence) lines.push(`Evidence: ${evidence}`);
  if (expected && error.kept) lines.push(...keptLines(error.kept));
  const wanted = level >= 3 && codeOf(error) !== 'OZ_INTERRUPTED';
  if (wanted) lines.push(printable(stackOf(error)).trimEnd());
  io.stderr.write(`${lines.map((line) => withLabel(io, line)).join('\n')}\n`);
  return expected ? error.exitCode : 1;
}
