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
import { type Case, type Command, cases, type Observation, plainLine } from './cases.ts';

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

function sorted(observation: Observation): string {
  return JSON.stringify(Object.entries(observation).sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface Observed {
  ours: Observation;
  theirs: Observation;
  /** What Oz makes of the line in words that it understands. */
  plain: Observation;
}

function verdictOf({ different }: Case, { ours, theirs, plain }: Observed): string {
  if (sorted(ours) === sorted(theirs)) return different === undefined ? 'equal' : 'wrong';
  if (different === undefined) return 'wrong';
  return sorted(ours) === sorted(different.ours(plain)) ? 'different' : 'wrong';
}

function main(): number {
  if (!existsSync('/usr/bin/oz-install')) {
    console.error('The real Oz is missing: apt-get install oz');
    return 1;
  }
  const theirs = theirsOf(cases);
  const plain = theirsOf(cases.map((test) => ({ ...test, line: plainLine(test.line) })));
  const counts: Record<string, number> = { equal: 0, different: 0, wrong: 0 };
  for (const [index, test] of cases.entries()) {
    const observed = {
      ours: oursOf(test),
      theirs: theirs[index] ?? {},
      plain: plain[index] ?? {},
    };
    const verdict = verdictOf(test, observed);
    counts[verdict] = (counts[verdict] ?? 0) + 1;
    const line = `${test.command} ${test.line.join(' ')}`;
    console.log(`${verdict.padEnd(10)}${line.padEnd(58)}${test.different?.why ?? ''}`.trimEnd());
    if (verdict !== 'wrong') continue;
    console.log(`    Oz   ${sorted(observed.theirs)}\n    Ozma ${sorted(observed.ours)}`);
    if (test.different) console.log(`    must ${sorted(test.different.ours(observed.plain))}`);
  }
  console.log(
    `\n${cases.length} command lines: ${counts.equal} equal, ${counts.different} different on purpose, ${counts.wrong} wrong`,
  );
  return counts.wrong === 0 ? 0 : 1;
}

process.exitCode = main();
