/** `oz`: finds the subcommand, loads only that, and hands on the rest of the arguments. */
import type { Io, Main } from './io.ts';
import { oz } from './options.ts';
import { runCommand } from './run-command.ts';
import { usageError } from './usage-error.ts';

/** The file of each subcommand in the table `oz`. */
const loaders: Readonly<Record<string, () => Promise<{ main: Main }>>> = {
  plan: () => import('./plan.ts'),
};

const names = Object.keys(loaders);

/** The subcommand (one word, or several as in `os list`) that the arguments begin with. */
function find(argv: readonly string[]): string | undefined {
  return names
    .filter((name) => name.split(' ').every((word, i) => argv[i] === word))
    .sort((a, b) => b.length - a.length)[0];
}

/** How many letters two words have in common at their start. */
function commonStart(a: string, b: string): number {
  let n = 0;
  while (n < a.length && a[n] === b[n]) n += 1;
  return n;
}

function nearest(word: string): string | undefined {
  const [best] = names
    .map((name) => ({ name, common: commonStart(word, name) }))
    .sort((a, b) => b.common - a.common);
  return best && best.common > 0 ? `did you mean '${best.name}'?` : undefined;
}

/** What is not a subcommand: --help, --version, or a mistake. */
function ownOptions(argv: readonly string[], io: Io): Promise<number> {
  return runCommand(oz, argv, io, async ({ operands: [word = ''] }) => {
    throw usageError(`there is no command '${word}'`, nearest(word));
  });
}

/** Also takes `oz help plan`. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const args = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv;
  const name = find(args);
  const load = name === undefined ? undefined : loaders[name];
  if (name === undefined || !load) return ownOptions(args.slice(0, 1), io);
  const { main: run } = await load();
  return run(args.slice(name.split(' ').length), io);
}
