/** `oz`: finds the subcommand, loads only that, and hands on the rest of the arguments. */
import { suggest } from '../base/suggest.ts';
import type { Io, Main } from './io.ts';
import type { CommandSpec, Flag } from './option-table.ts';
import { usageError } from './usage-error.ts';

/** The file of each subcommand; `os list` is two words on the command line. */
const loaders: Readonly<Record<string, () => Promise<{ main: Main }>>> = {
  plan: () => import('./plan.ts'),
  check: () => import('./check.ts'),
  migrate: () => import('./migrate.ts'),
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

/** Says so when a group is given no subcommand of its own: --help, --version, or a mistake. */
async function ofGroup(argv: readonly string[], io: Io): Promise<number> {
  const group = groups.find(({ words }) => startsWith(argv, words));
  if (!group) throw new Error('the group of no words takes any command line');
  const [{ runCommand }, spec] = await Promise.all([import('./run-command.ts'), group.load()]);
  const depth = group.words.length;
  return runCommand(spec, argv.slice(depth, depth + 1), io, async ({ operands: [word = ''] }) => {
    const nearest = suggest(word, spec.commands?.map(({ name }) => name) ?? []);
    throw usageError(
      `there is no command '${[...group.words, word].join(' ')}'`,
      nearest && `did you mean '${[...group.words, nearest].join(' ')}'?`,
    );
  });
}

/** Also takes `oz help plan`. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const args = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv;
  const name = names.find((known) => startsWith(args, known.split(' ')));
  const load = name === undefined ? undefined : loaders[name];
  if (name === undefined || !load) return ofGroup(args, io);
  const { main: run } = await load();
  return run(args.slice(name.split(' ').length), io);
}
