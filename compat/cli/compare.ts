/**
 * What the real Oz commands (Debian's package `oz`) make of command lines,
 * beside what ours make of them. Ends with 1 when one differs without a reason.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { OzError } from '../../src/base/errors.ts';
import { checkIcicleOption } from '../../src/cli/build-line.ts';
import type { CommandSpec, OptionTable } from '../../src/cli/option-table.ts';
import { ozCleanupCache, ozCustomize, ozGenerateIcicle, ozInstall } from '../../src/cli/options.ts';
import { parseCommandLine } from '../../src/cli/parse-args.ts';
import { type Case, type Command, cases } from './cases.ts';

/** What a command line leads to; only what is set is there. */
type Observation = Record<string, string | number | boolean>;

const specs: Record<Command, CommandSpec<OptionTable>> = {
  'oz-install': ozInstall,
  'oz-customize': ozCustomize,
  'oz-generate-icicle': ozGenerateIcicle,
  'oz-cleanup-cache': ozCleanupCache,
};

const levels = ['error', 'warning', 'info', 'debug', 'debug with source'];

function onlySet(values: Record<string, unknown>): Observation {
  return Object.fromEntries(
    Object.entries(values).filter(([, v]) => v !== undefined && v !== null && v !== false),
  ) as Observation;
}

/** The options that say what is done, in the names the recorder uses. */
function decided(command: Command, values: Record<string, unknown>, operands: readonly string[]) {
  const { debug, force, generateIcicle, icicle, help, version, xmlfile, ...same } = values;
  const level = levels[(debug as number | undefined) ?? 0];
  const lists = command === 'oz-generate-icicle' || generateIcicle === true;
  const byCommand: Record<Command, Record<string, unknown>> = {
    'oz-install': { tdl: operands[0], xmlfile: xmlfile ?? '(default)', log: level },
    'oz-customize': { tdl: operands[0], customize: true, log: level },
    'oz-generate-icicle': { tdl: operands[0], log: level },
    'oz-cleanup-cache': { asked: force !== true },
  };
  return onlySet({ ...same, ...byCommand[command], icicle: lists && (icicle ?? '(stdout)') });
}

function oursOf({ command, line }: Case): Observation {
  try {
    const { options, operands } = parseCommandLine(specs[command], line);
    if (options.help) return { outcome: 'help' };
    if (options.version) return { outcome: 'version' };
    if (command === 'oz-install') checkIcicleOption(options as never);
    return { outcome: 'ran', ...decided(command, options, operands) };
  } catch (error) {
    if (!(error instanceof OzError)) throw error;
    // Oz's 1 for wrong usage is our 2, everywhere and on purpose.
    return { outcome: 'refused', exit: error.exitCode === 2 ? 1 : error.exitCode };
  }
}

function theirsOf(all: readonly Case[]): Observation[] {
  const run = spawnSync('python3', [path.join(import.meta.dirname, 'real-options.py')], {
    input: JSON.stringify(all.map(({ command, line }) => [command, line])),
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`the recorder failed: ${run.stderr}`);
  const found = JSON.parse(run.stdout) as Record<string, unknown>[];
  return found.map(({ exit, ...rest }) =>
    rest.outcome === 'refused' ? onlySet({ outcome: 'refused', exit }) : onlySet(rest),
  );
}

function sorted(observation: Observation | undefined): string {
  return JSON.stringify(Object.entries(observation ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function verdictOf(test: Case, ours: Observation, theirs: Observation | undefined): string {
  const same = sorted(ours) === sorted(theirs);
  if (test.different === undefined) return same ? 'equal' : 'wrong';
  return same ? 'wrong' : 'different';
}

function main(): number {
  if (!existsSync('/usr/bin/oz-install')) {
    console.error('The real Oz is missing: apt-get install oz');
    return 1;
  }
  const theirs = theirsOf(cases);
  const counts: Record<string, number> = { equal: 0, different: 0, wrong: 0 };
  for (const [index, test] of cases.entries()) {
    const ours = oursOf(test);
    const verdict = verdictOf(test, ours, theirs[index]);
    counts[verdict] = (counts[verdict] ?? 0) + 1;
    const line = `${test.command} ${test.line.join(' ')}`;
    console.log(`${verdict.padEnd(10)}${line.padEnd(58)}${test.different ?? ''}`.trimEnd());
    if (verdict !== 'wrong') continue;
    console.log(`    Oz   ${sorted(theirs[index])}\n    Ozma ${sorted(ours)}`);
    if (test.different !== undefined)
      console.log('    a difference is announced, but there is none');
  }
  console.log(
    `\n${cases.length} command lines: ${counts.equal} equal, ${counts.different} different on purpose, ${counts.wrong} wrong`,
  );
  return counts.wrong === 0 ? 0 : 1;
}

process.exitCode = main();
