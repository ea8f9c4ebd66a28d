/** The command line of `npm run test:fresh`, as data. */
import { command, type OptionTable } from '../../src/cli/option-table.ts';
import { usageError } from '../../src/cli/usage-error.ts';
import { nodeLines } from '../node/tree.ts';
import type { BoxUser } from './box.ts';
import type { Cell } from './cell.ts';
import { demo } from './demo.ts';
import { hints } from './hints.ts';
import { pack } from './pack.ts';
import { test } from './test.ts';
import { whole } from './whole.ts';

/** What can be done on a bare machine. */
export const cells: Readonly<Record<string, { help: string; run: Cell }>> = {
  demo: { help: "the README's demo, until its installer writes to its disk", run: demo },
  test: { help: 'npm test, to its end', run: test },
  pack: { help: 'the packed tool: installed, asked, used until a build writes', run: pack },
  hints: { help: 'each package of a build taken away: the hint names it', run: hints },
  whole: { help: 'the demo to its end; its image is looked into and booted', run: whole },
};

/** What `all` stands for. */
export const usual: readonly string[] = ['demo', 'test', 'pack'];

const suites = ['bookworm', 'trixie'] as const;
const users: readonly BoxUser[] = ['root', 'user'];

const text = (value: string) => value;

const options = {
  commit: {
    long: 'commit',
    value: 'commit',
    help: 'what to clone (default: HEAD; changes that are not committed are not in it)',
    read: text,
  },
  node: {
    long: 'node',
    value: 'version',
    help: `the bare machine's Node: ${nodeLines.join(', ')} (default: ${nodeLines[0]}, the oldest that will do)`,
    read: text,
  },
  mirror: {
    long: 'mirror',
    value: 'url',
    help: "the Debian mirror (default: that of this machine's apt)",
    read: text,
  },
  report: {
    long: 'report',
    value: 'file',
    help: 'write what was done, its seconds and verdicts there, as JSON',
    read: text,
  },
  verbose: { long: 'verbose', short: 'v', help: 'print what the bare machine prints' },
  help: { long: 'help', short: 'h', help: 'print this help' },
} satisfies OptionTable;

const whats = Object.entries(cells).map(([name, { help }]) => `${name} (${help})`);

export const spec = command({
  name: 'npm run test:fresh --',
  summary: 'what a stranger does first, on a bare Debian',
  description: [
    'Makes a bare Debian (minbase, Node, git, sudo) in namespaces of its own, clones this project' +
      " into it, and does there what a stranger does first. Needs root and this machine's network.",
    'Bare systems are kept and reused in FRESH_DIR (/var/cache/ozma-fresh, or in /tmp), each about 300 MB,' +
      ' with a log of the last run of each kind; nothing else is left.',
  ],
  operands: [
    { name: 'suite', help: suites.join(' or ') },
    { name: 'user', help: 'root, or user: an ordinary one with sudo, without sbin in the PATH' },
    { name: 'what', help: `${whats.join(', ')}, or all: ${usual.join(', ')}` },
  ],
  options,
  examples: [
    {
      what: "The README's first command on Debian 12, as an ordinary user",
      line: 'npm run test:fresh -- bookworm user demo',
    },
    {
      what: 'Everything on Debian 13, as root, with the times in a file',
      line: 'npm run test:fresh -- trixie root all --report fresh.json',
    },
    {
      what: 'The tests of a commit, under Node 22',
      line: 'npm run test:fresh -- bookworm root test --commit v0.1.0 --node 22',
    },
  ],
  seeAlso: [],
});

/** The one of `known` that was typed. Throws OZ_USAGE. */
function oneOf<T extends string>(name: string, value: string | undefined, known: readonly T[]): T {
  const found = known.find((each) => each === value);
  if (found) return found;
  throw usageError(`<${name}> '${value}' is not known`, `use ${known.join(', ')}`);
}

/** Checks the operands. Throws OZ_USAGE. */
export function readOperands([suite, user, what]: readonly string[]): {
  suite: string;
  user: BoxUser;
  what: readonly string[];
} {
  const chosen = oneOf('what', what, [...Object.keys(cells), 'all']);
  return {
    suite: oneOf('suite', suite, suites),
    user: oneOf('user', user, users),
    what: chosen === 'all' ? usual : [chosen],
  };
}
