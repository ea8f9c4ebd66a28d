/** From arguments to checked values: getopt's rules, then commander by the command's table. */
import { Command, CommanderError, Option } from 'commander';
import { canonicalArguments } from './getopt.ts';
import {
  type CommandSpec,
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

/** Commander's words in ours: no `error:`, and its suggestion as the hint. */
function fromCommander(error: CommanderError): Error {
  const [message = '', ...more] = error.message.replace(/^error: /, '').split('\n');
  const hint = more.join(' ').replace(/^\((.*)\)$/, '$1');
  return usageError(message, hint ? hint.charAt(0).toLowerCase() + hint.slice(1) : undefined);
}

function commanderFor(spec: CommandSpec<OptionTable>): Command {
  const program = new Command(spec.name)
    .exitOverride()
    .configureOutput({ writeErr: () => {}, writeOut: () => {} })
    .helpOption(false)
    .argument('[operands...]');
  for (const option of Object.values(spec.options)) {
    const flags = isValued(option) ? `--${option.long} <${option.value}>` : `--${option.long}`;
    const made = new Option(flags);
    if (isValued(option)) made.argParser((text, before) => option.read(text, before));
    program.addOption(made);
  }
  return program;
}

function checkOperands(spec: CommandSpec<OptionTable>, given: readonly string[]): void {
  const missing = spec.operands[given.length];
  if (missing && !missing.many) throw usageError(`the <${missing.name}> argument is missing`);
  if (spec.operands.at(-1)?.many) return;
  const extra = given[spec.operands.length];
  if (extra !== undefined) throw usageError(`the argument '${extra}' is one too many`);
}

const camelCase = (long: string) => long.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());

/**
 * Parses a command line by its table. Throws OZ_USAGE (exit code 2). When help
 * or the version is asked for, operands are not looked at.
 */
export function parseCommandLine<O extends OptionTable>(
  spec: CommandSpec<O>,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): ParsedLine<O> {
  const known = Object.values<O[keyof O] & (OptionTable[string] | Valued<unknown>)>(
    spec.options as never,
  ).map((option) => ({
    long: option.long,
    short: option.short,
    takesValue: isValued(option),
  }));
  const program = commanderFor(spec);
  try {
    program.parse(canonicalArguments(argv, known, { optionsFirst: !!env.POSIXLY_CORRECT }), {
      from: 'user',
    });
  } catch (error) {
    throw error instanceof CommanderError ? fromCommander(error) : error;
  }
  const found: Record<string, unknown> = program.opts();
  const options = Object.fromEntries(
    Object.entries(spec.options).map(([key, option]) => {
      const value = found[camelCase(option.long)];
      return [key, isValued(option) ? value : value === true];
    }),
  ) as OptionValues<O>;
  const informational = found.help === true || found.version === true;
  if (!informational) checkOperands(spec, program.args);
  return { options, operands: program.args };
}
