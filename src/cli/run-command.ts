/** What all commands have in common: parsing, --help, --version, and telling failures. */
import { codeOf } from '../base/errors.ts';
import { packageVersion } from '../base/package-root.ts';
import type { Io } from './io.ts';
import type { CommandSpec, OptionTable } from './option-table.ts';
import { type ParsedLine, parseCommandLine } from './parse-args.ts';
import { boldHeadings, type ColorChoice, setColor } from './render/color.ts';
import { reportError } from './report-error.ts';
import type { LogLevel } from './values.ts';

function wrongUsage(io: Io, spec: CommandSpec<OptionTable>, error: unknown): number {
  const code = reportError(io, error, 0);
  io.stderr.write(`Try '${spec.name} --help'.\n`);
  return code;
}

function debugLevel(options: Readonly<Record<string, unknown>>): LogLevel {
  return (options.debug as LogLevel | undefined) ?? 0;
}

/**
 * Parses the arguments and runs `work`, which gives the exit code. Nothing is
 * thrown: failures are told on standard error.
 */
export async function runCommand<O extends OptionTable>(
  spec: CommandSpec<O>,
  argv: readonly string[],
  io: Io,
  work: (line: ParsedLine<O>) => Promise<number>,
): Promise<number> {
  setColor(io);
  let line: ParsedLine<O>;
  try {
    line = parseCommandLine(spec, argv, io.env);
  } catch (error) {
    return wrongUsage(io, spec, error);
  }
  const asked: Readonly<Record<string, unknown>> = line.options;
  setColor(io, asked.color as ColorChoice | undefined);
  try {
    if (asked.help === true) {
      const { helpHeadings, helpText } = await import('./help.ts');
      io.stdout.write(boldHeadings(io.stdout, helpText(spec), helpHeadings));
      return 0;
    }
    if (asked.version === true) {
      io.stdout.write(`${spec.name} (ozma) ${packageVersion()}\n`);
      return 0;
    }
    return await work(line);
  } catch (error) {
    if (codeOf(error) === 'OZ_USAGE') return wrongUsage(io, spec, error);
    return reportError(io, error, debugLevel(asked));
  }
}
