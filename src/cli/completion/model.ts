/** What the shells are told of the command lines: the option tables as words and kinds. */
import { type CommandSpec, type Flag, isValued, type OptionTable } from '../option-table.ts';
import * as tables from '../options.ts';
import { shells } from '../options-setup.ts';
import { fileName, outputFile } from '../values.ts';

/** How a value or an argument is completed: by these words, a file's name, a directory's, or not. */
export type Completed = readonly string[] | 'file' | 'directory' | 'nothing';

export interface CompletedOption {
  short?: string | undefined;
  long: string;
  help: string;
  /** Absent: it takes no value. */
  value?: { name: string; by: Completed } | undefined;
}

export interface CompletedCommand {
  /** The words typed: `oz`, `os`, `list`. */
  words: readonly string[];
  summary: string;
  options: readonly CompletedOption[];
  /** The words that may follow, of a command that only has subcommands. */
  commands: readonly { name: string; help: string }[];
  /** What its arguments are completed by. */
  operands: Completed;
}

/** Arguments that are no file names, by their names in the tables; undefined is a file's. */
const operandKinds: Readonly<Record<string, Completed | undefined>> = {
  command: 'nothing',
  id: 'nothing',
  'property=value': 'nothing',
  shell: shells,
};

function valueKind(option: Flag): CompletedOption['value'] {
  if (!isValued(option)) return undefined;
  const { read, value } = option;
  if ('choices' in read) return { name: value, by: read.choices as readonly string[] };
  const isFile = read === fileName || read === outputFile;
  return { name: value, by: isFile ? (value === 'directory' ? value : 'file') : 'nothing' };
}

/** The first word of each subcommand; a group such as `os` comes once, with its own summary. */
function nextWords(
  spec: CommandSpec<OptionTable>,
  all: readonly CommandSpec<OptionTable>[],
): CompletedCommand['commands'] {
  const found = new Map<string, string>();
  for (const { name, help } of spec.commands ?? []) {
    const [word = ''] = name.split(' ');
    const own = all.find((each) => each.name === `${spec.name} ${word}`);
    if (!found.has(word)) found.set(word, own?.summary ?? help);
  }
  return [...found].map(([name, help]) => ({ name, help }));
}

/** All commands, from the tables that parsing and help are made of. */
export function completedCommands(): CompletedCommand[] {
  const specs: readonly CommandSpec<OptionTable>[] = Object.values(tables);
  return specs.map((spec) => {
    const [operand] = spec.operands;
    return {
      words: spec.name.split(' '),
      summary: spec.summary,
      options: Object.values(spec.options).map((option) => ({
        short: option.short,
        long: option.long,
        help: option.help,
        value: valueKind(option),
      })),
      commands: nextWords(spec, specs),
      operands: operand ? (operandKinds[operand.name] ?? 'file') : 'nothing',
    };
  });
}
