/**
 * The GNU getopt_long rules that scripts written for Oz rely on, applied before
 * the command's table is looked at: options and operands in any order, bundled
 * letters, unique prefixes of long names, and option-like values.
 */
import { usageError } from './usage-error.ts';

export interface OptionNames {
  /** Without the dashes. */
  long: string;
  /** One letter. */
  short?: string | undefined;
  takesValue: boolean;
  /** Not known by a prefix. */
  whole?: boolean | undefined;
}

/** An option by its full long name; unknown long ones are among them. */
export interface GivenOption {
  long: string;
  value?: string;
}

export interface Arguments {
  given: GivenOption[];
  operands: string[];
}

/** Finds the option a long name or a unique prefix of it means; undefined when nothing fits. */
function findLong(name: string, known: readonly OptionNames[]): OptionNames | undefined {
  const exact = known.find((o) => o.long === name);
  if (exact) return exact;
  const fitting = known.filter((o) => !o.whole && o.long.startsWith(name));
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
  scan: Arguments,
): readonly string[] {
  const equals = argument.indexOf('=');
  const name = argument.slice(2, equals < 0 ? undefined : equals);
  const given = equals < 0 ? undefined : argument.slice(equals + 1);
  const option = findLong(name, known);
  if (!option) {
    scan.given.push({ long: name });
    return rest;
  }
  const { long } = option;
  if (!option.takesValue) {
    if (given !== undefined) throw usageError(`option '--${long}' takes no value`);
    scan.given.push({ long });
    return rest;
  }
  if (given !== undefined) {
    scan.given.push({ long, value: given });
    return rest;
  }
  const [value, ...after] = rest;
  if (value === undefined) throw missingValue(`--${long}`);
  scan.given.push({ long, value });
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
  scan: Arguments,
): readonly string[] {
  const letters = [...argument.slice(1)];
  for (const [index, letter] of letters.entries()) {
    const option = known.find((o) => o.short === letter);
    if (!option) throw usageError(`unknown option '-${letter}'`, otherCase(letter, known));
    const { long } = option;
    if (!option.takesValue) {
      scan.given.push({ long });
      continue;
    }
    const glued = letters.slice(index + 1).join('');
    if (glued !== '') {
      scan.given.push({ long, value: glued });
      return rest;
    }
    const [value, ...after] = rest;
    if (value === undefined) throw missingValue(`-${letter}`);
    scan.given.push({ long, value });
    return after;
  }
  return rest;
}

/**
 * Takes a command line apart: every option by its full long name, with its
 * value, and the operands. `optionsFirst` (POSIXLY_CORRECT) ends the options at
 * the first operand. Unknown long options are passed on. Throws OZ_USAGE for
 * unknown letters, ambiguous prefixes, missing values, and values of options
 * that take none.
 */
export function readArguments(
  argv: readonly string[],
  known: readonly OptionNames[],
  { optionsFirst = false } = {},
): Arguments {
  const scan: Arguments = { given: [], operands: [] };
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
  return scan;
}
