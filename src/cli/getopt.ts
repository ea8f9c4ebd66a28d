/**
 * The GNU getopt_long rules that scripts written for Oz rely on, applied before
 * commander sees the arguments: options and operands in any order, bundled
 * letters, unique prefixes of long names, and option-like values.
 */
import { usageError } from './usage-error.ts';

export interface OptionNames {
  /** Without the dashes. */
  long: string;
  /** One letter. */
  short?: string | undefined;
  takesValue: boolean;
}

interface Scan {
  options: string[];
  operands: string[];
}

/** Finds the option a long name or a unique prefix of it means; undefined when nothing fits. */
function findLong(name: string, known: readonly OptionNames[]): OptionNames | undefined {
  const exact = known.find((o) => o.long === name);
  if (exact) return exact;
  const fitting = known.filter((o) => o.long.startsWith(name));
  if (fitting.length > 1) {
    const names = fitting.map((o) => `--${o.long}`);
    throw usageError(
      `option '--${name}' is not a unique prefix`,
      `it could be ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`,
    );
  }
  return fitting[0];
}

function missingValue(name: string): Error {
  return usageError(`option '${name}' requires a value`);
}

/** Takes one `--name[=value]` and what follows; returns what follows it. */
function takeLong(
  argument: string,
  rest: readonly string[],
  known: readonly OptionNames[],
  scan: Scan,
): readonly string[] {
  const equals = argument.indexOf('=');
  const name = argument.slice(2, equals < 0 ? undefined : equals);
  const given = equals < 0 ? undefined : argument.slice(equals + 1);
  const option = findLong(name, known);
  if (!option) {
    scan.options.push(`--${name}`); // commander reports it, with the nearest name
    return rest;
  }
  scan.options.push(`--${option.long}`);
  if (!option.takesValue) {
    if (given !== undefined) throw usageError(`option '--${option.long}' takes no value`);
    return rest;
  }
  if (given !== undefined) {
    scan.options.push(given);
    return rest;
  }
  const [value, ...after] = rest;
  if (value === undefined) throw missingValue(`--${option.long}`);
  scan.options.push(value);
  return after;
}

/** The other case of a letter, when that is an option. */
function otherCase(letter: string, known: readonly OptionNames[]): string | undefined {
  const swapped = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
  return known.some((o) => o.short === swapped) ? `did you mean -${swapped}?` : undefined;
}

/** Takes one bundle such as `-ugd3` and what follows; returns what follows it. */
function takeShorts(
  argument: string,
  rest: readonly string[],
  known: readonly OptionNames[],
  scan: Scan,
): readonly string[] {
  const letters = [...argument.slice(1)];
  for (const [index, letter] of letters.entries()) {
    const option = known.find((o) => o.short === letter);
    if (!option) throw usageError(`unknown option '-${letter}'`, otherCase(letter, known));
    scan.options.push(`--${option.long}`);
    if (!option.takesValue) continue;
    const glued = letters.slice(index + 1).join('');
    if (glued !== '') {
      scan.options.push(glued);
      return rest;
    }
    const [value, ...after] = rest;
    if (value === undefined) throw missingValue(`-${letter}`);
    scan.options.push(value);
    return after;
  }
  return rest;
}

/**
 * Rewrites a command line as `--long [value] … -- operands`: every option by its
 * full long name, values apart, operands last. `optionsFirst` (POSIXLY_CORRECT)
 * ends the options at the first operand. Unknown long options are passed on.
 * Throws OZ_USAGE for unknown letters, ambiguous prefixes, missing values, and
 * values of options that take none.
 */
export function canonicalArguments(
  argv: readonly string[],
  known: readonly OptionNames[],
  { optionsFirst = false } = {},
): string[] {
  const scan: Scan = { options: [], operands: [] };
  let rest = argv;
  while (rest.length > 0) {
    const [argument = '', ...after] = rest;
    if (argument === '--') {
      scan.operands.push(...after);
      break;
    }
    if (argument.startsWith('--')) rest = takeLong(argument, after, known, scan);
    else if (argument.startsWith('-') && argument !== '-')
      rest = takeShorts(argument, after, known, scan);
    else if (optionsFirst) {
      scan.operands.push(...rest);
      break;
    } else {
      scan.operands.push(argument);
      rest = after;
    }
  }
  return [...scan.options, '--', ...scan.operands];
}
