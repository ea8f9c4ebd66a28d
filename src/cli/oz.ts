/** `oz`: finds the subcommand, loads only that, and hands on the rest of the arguments. */
import { editDistance, suggest } from '../base/suggest.ts';
import { readArguments } from './getopt.ts';
import type { Io, Main } from './io.ts';
import { type CommandSpec, type Flag, isValued } from './option-table.ts';
import { usageError } from './usage-error.ts';

/** The file of each subcommand; `os list` is two words on the command line. */
const loaders: Readonly<Record<string, () => Promise<{ main: Main }>>> = {
  plan: () => import('./plan.ts'),
  check: () => import('./check.ts'),
  migrate: () => import('./migrate.ts'),
  doctor: () => import('./doctor.ts'),
  completion: () => import('./completion.ts'),
  'os list': () => import('./os/list.ts'),
  'os show': () => import('./os/show.ts'),
  'os devices': () => import('./os/devices.ts'),
  'os detect': () => import('./os/detect.ts'),
  'os script': () => import('./os/script.ts'),
};

const names = Object.keys(loaders);

type Group = CommandSpec<Record<string, Flag>>;

/** The commands that only have subcommands, by the words before these. */
const groups: readonly { words: readonly string[]; load: () => Promise<Group> }[] = [
  { words: ['os'], load: async () => (await import('./options-os.ts')).ozOs },
  { words: [], load: async () => (await import('./options.ts')).oz },
];

const startsWith = (argv: readonly string[], words: readonly string[]): boolean =>
  words.every((word, i) => argv[i] === word);

/** The commands of Oz, by the words that people type for them behind `oz`. */
const programs = ['oz-install', 'oz-customize', 'oz-generate-icicle', 'oz-cleanup-cache'];

/** `oz install` means oz-install, however nearly it is spelled. */
function hintFor(words: readonly string[], word: string, known: readonly string[]) {
  const program =
    words.length === 0 ? suggest(`oz-${word.replace(/^oz-/, '')}`, programs) : undefined;
  const nearest = suggest(word, known);
  if (program && (!nearest || editDistance(`oz-${word}`, program) < editDistance(word, nearest)))
    return `did you mean ${program}?`;
  return nearest && `did you mean '${[...words, nearest].join(' ')}'?`;
}

/** The words up to the one that is no subcommand, behind which nothing counts; else an empty one. */
function upToWord({ options }: Group, own: readonly string[]): readonly string[] {
  const known = Object.values(options).map((option) => ({
    ...option,
    takesValue: isValued(option),
  }));
  try {
    const { operands } = readArguments(own, known, { optionsFirst: true });
    return operands.length > 0 ? own.slice(0, own.length - operands.length + 1) : [...own, ''];
  } catch {
    return own; // what is wrong with it is told where it is parsed
  }
}

/** Says so when a group is given no subcommand of its own: --help, --version, or a mistake. */
async function ofGroup(argv: readonly string[], io: Io): Promise<number> {
  const group = groups.find(({ words }) => startsWith(argv, words));
  if (!group) throw new Error('the group of no words takes any command line');
  const [{ runCommand }, spec] = await Promise.all([import('./run-command.ts'), group.load()]);
  const own = argv.slice(group.words.length);
  return runCommand(spec, upToWord(spec, own), io, async ({ operands: [word = ''] }) => {
    // Whoever types no more than options wants to know what there is.
    if (word === '') return runCommand(spec, [...own, '--help'], io, async () => 0);
    throw usageError(
      `there is no command '${[...group.words, word].join(' ')}'`,
      hintFor(group.words, word, spec.commands?.map(({ name }) => name) ?? []),
    );
  });
}

/** Words that stand for an option. */
const asOption: Readonly<Record<string, string>> = { help: '--help', version: '--version' };

/** Also takes `oz help plan` and `oz version`. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const option = asOption[argv[0] ?? ''];
  const args = option ? [...argv.slice(1), option] : argv;
  const name = names.find((known) => startsWith(args, known.split(' ')));
  const load = name === undefined ? undefined : loaders[name];
  if (name === undefined || !load) return ofGroup(args, io);
  const { main: run } = await load();
  return run(args.slice(name.split(' ').length), io);
}
