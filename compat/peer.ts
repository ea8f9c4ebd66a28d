/** Runs the real Oz's Python once over many cases, and sums up what came of it. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { runTool } from '../src/base/run-tool.ts';

/** The interpreter that Debian's oz package is installed for. */
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

/**
 * The peer's answers to `cases`. `script` reads JSON from standard input and
 * writes JSON to standard output; `oz` is a directory that holds the Python
 * package oz, for a version other than the installed one.
 */
export async function askPeer<T>(script: string, cases: unknown, oz?: string): Promise<T> {
  const { stdout } = await runTool(python, ['-W', 'ignore', script], {
    input: JSON.stringify(cases),
    most: Infinity,
    ...(oz && { env: { PYTHONPATH: path.resolve(oz) } }),
  });
  return JSON.parse(stdout.toString('utf8')) as T;
}

/** What one side made of a case. */
export type Verdict = { ok: true; values: unknown } | { ok: false; error: string };

export interface Compared {
  name: string;
  ours: Verdict;
  theirs: Verdict;
  /** The named reason for which the two may differ. */
  reason?: string | undefined;
}

export interface Tally {
  equal: number;
  deliberate: Map<string, string[]>;
  wrong: string[];
}

/** Sorts cases into equal, deliberately different, and wrong. */
export function tally(results: Compared[]): Tally {
  const sum: Tally = { equal: 0, deliberate: new Map(), wrong: [] };
  for (const { name, ours, theirs, reason } of results) {
    const same = agree(ours, theirs);
    if (same && !reason) sum.equal++;
    else if (!same && reason)
      sum.deliberate.set(reason, [...(sum.deliberate.get(reason) ?? []), name]);
    else
      sum.wrong.push(
        same
          ? `${name}: expected to differ (${reason}), but does not`
          : describe(name, ours, theirs),
      );
  }
  return sum;
}

/** Whether both refuse, or take the same values. */
export function agree(ours: Verdict, theirs: Verdict): boolean {
  return ours.ok === theirs.ok && (!ours.ok || !theirs.ok || equal(ours.values, theirs.values));
}

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

function describe(name: string, ours: Verdict, theirs: Verdict): string {
  const show = (verdict: Verdict) =>
    verdict.ok ? `accepts ${JSON.stringify(sorted(verdict.values))}` : `refuses: ${verdict.error}`;
  return `${name}\n    Oz ${show(theirs)}\n    we ${show(ours)}`;
}

/** Prints the tally; true when nothing is wrong. */
export function report(what: string, sum: Tally): boolean {
  const deliberate = [...sum.deliberate.values()].flat().length;
  for (const [reason, names] of sum.deliberate) {
    console.log(`different on purpose, ${reason}: ${names.join(', ')}`);
  }
  for (const wrong of sum.wrong) console.log(`WRONG ${wrong}`);
  const cases = sum.equal + deliberate + sum.wrong.length;
  console.log(
    `${what}: ${cases} cases: ${sum.equal} equal, ${deliberate} different on purpose, ${sum.wrong.length} wrong`,
  );
  return sum.wrong.length === 0;
}
