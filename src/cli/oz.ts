/** `oz`: finds the subcommand, loads only that, and hands on the rest of the arguments. */
import type { Io, Main } from './io.ts';
import { reportError } from './report-error.ts';
import { usageError } from './usage-error.ts';

interface Subcommand {
  /** One word, or several as in `os list`. */
  words: string;
  summary: string;
  load: () => Promise<{ main: Main }>;
}

/** Every subcommand is a line here and a file beside this one. */
const subcommands: readonly Subcommand[] = [
  {
    words: 'plan',
    summary: 'show what oz-install would do, and touch nothing',
    load: () => import('./plan.ts'),
  },
];

function overview(): string {
  const width = Math.max(...subcommands.map((s) => s.words.length)) + 4;
  return [
    'Usage: oz <command> [OPTIONS] …',
    '',
    'Commands:',
    ...subcommands.map((s) => `  ${s.words.padEnd(width)}${s.summary}`),
    '',
    "'oz <command> --help' tells more. Images are built by oz-install.",
    '',
    'Examples:',
    '  oz plan debian-13.tdl',
    '',
  ].join('\n');
}

/** The subcommand with the most words that the arguments begin with. */
function find(argv: readonly string[]): Subcommand | undefined {
  return subcommands
    .filter((s) => s.words.split(' ').every((word, i) => argv[i] === word))
    .sort((a, b) => b.words.length - a.words.length)[0];
}

/** How many letters two words have in common at their start. */
function commonStart(a: string, b: string): number {
  let n = 0;
  while (n < a.length && a[n] === b[n]) n += 1;
  return n;
}

function nearest(word: string): string | undefined {
  const [best] = subcommands
    .map((s) => ({ words: s.words, common: commonStart(word, s.words) }))
    .sort((a, b) => b.common - a.common);
  return best && best.common > 0 ? `did you mean '${best.words}'?` : undefined;
}

async function version(io: Io): Promise<number> {
  const { packageVersion } = await import('../base/package-root.ts');
  io.stdout.write(`oz (ozma) ${packageVersion()}\n`);
  return 0;
}

export async function main(argv: readonly string[], io: Io): Promise<number> {
  const asksHelp = argv[0] === 'help';
  const args = asksHelp ? [...argv.slice(1), '--help'] : argv;
  const found = find(args);
  if (found) {
    const { main: run } = await found.load();
    return run(args.slice(found.words.split(' ').length), io);
  }
  const [first] = args;
  if (first === '-h' || first === '--help') {
    io.stdout.write(overview());
    return 0;
  }
  if (first === '--version') return version(io);
  const error =
    first === undefined
      ? usageError('the command is missing')
      : usageError(
          first.startsWith('-') ? `unknown option '${first}'` : `there is no command '${first}'`,
          nearest(first),
        );
  const code = reportError(io, error, 0);
  io.stderr.write("Try 'oz --help'.\n");
  return code;
}
