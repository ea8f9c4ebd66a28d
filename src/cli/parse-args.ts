/** From arguments to checked values: getopt's rules, then the command's table. */
import { suggest } from '../base/suggest.ts';
import { readArguments } from './getopt.ts';
import {
  type CommandSpec,
  type Flag,
  isValued,
  type OptionTable,
  type OptionValues,
  type Valued,
} from './option-table.ts';
import { usageError } from './usage-error.ts';

export interface ParsedLine<O extends OptionTable> {
  options: OptionValues<O>;
  operands: string[];
}

function checkOperands(spec: CommandSpec<OptionTable>, given: readonly string[]): void {
  const missing = spec.operands[given.length];
  if (missing && !missing.many) throw usageError(`the <${missing.name}> argument is missing`);
  if (spec.operands.at(-1)?.many) return;
  const extra = given[spec.operands.length];
  if (extra !== undefined) throw usageError(`unexpected argument '${extra}'`);
}

/**
 * Parses a command line by its table. Throws OZ_USAGE (exit code 2). When help
 * or the version is asked for, operands are not looked at.
 */
export function parseCommandLine<O extends OptionTable>(
  spec: CommandSpec<O>,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): ParsedLine<O> {
  const table: [key: string, option: Flag | Valued<unknown>][] = Object.entries(spec.options);
  const known = table.map(([, option]) => ({
    long: option.long,
    short: option.short,
    takesValue: isValued(option),
    whole: option.whole,
  }));
  const { given, operands } = readArguments(argv, known, { optionsFirst: !!env.POSIXLY_CORRECT });
  const values = new Map<string, unknown>();
  for (const { long, value } of given) {
    const option = table.find(([, o]) => o.long === long)?.[1];
    if (!option) {
      const nearest = suggest(
        long,
        known.map((o) => o.long),
      );
      throw usageError(`unknown option '--${long}'`, nearest && `did you mean --${nearest}?`);
    }
    values.set(long, isValued(option) ? option.read(value ?? '', values.get(long)) : true);
  }
  const options = Object.fromEntries(
    table.map(([key, option]) => [
      key,
      values.get(option.long) ?? (isValued(option) ? undefined : false),
    ]),
  ) as OptionValues<O>;
  if (!values.has('help') && !values.has('version')) checkOperands(spec, operands);
  return { options, operands };
}
