/** What long runs have shown: compat/RESULTS.json, one entry a run, never changed afterwards. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../../src/base/atomic-file.ts';
import { codeOf } from '../../src/base/errors.ts';
import { packageFile } from '../../src/base/package-root.ts';
import { runTool } from '../../src/base/run-tool.ts';

export interface Result {
  row: string;
  date: string;
  commit: string;
  /** Digest of the row's source folders at that commit: outlives a rebase. */
  sources: string;
  /** No tracked file differed from the commit. */
  clean: boolean;
  seconds: number;
  verdict: 'passed' | 'failed';
  /** What its random choices began with, where it makes any. */
  seed?: string | number;
  figures: Record<string, string | number>;
}

const others = ['.', ':!compat/RESULTS.json'];

export const resultsFile = packageFile('compat/RESULTS.json');

/** All results, the oldest first. */
export async function readResults(file = resultsFile): Promise<Result[]> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Result[];
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

export async function appendResult(result: Result, file = resultsFile): Promise<void> {
  const all = [...(await readResults(file)), result];
  await writeFileAtomic(file, `${JSON.stringify(all, null, 2)}\n`);
}

async function git(...args: string[]): Promise<string> {
  const all = ['-c', 'safe.directory=*', '-C', packageFile(), ...args];
  return (await runTool('git', all)).stdout.toString();
}

export async function headCommit(): Promise<string> {
  return (await git('rev-parse', 'HEAD')).trim();
}

/** Whether the working copy is the commit, but for the results of earlier runs. */
export async function isClean(): Promise<boolean> {
  const changed = await git('status', '--porcelain', '--untracked-files=no', '--', ...others);
  return changed === '';
}

/** One digest of what HEAD has in these folders. */
export async function sourcesDigest(sources: readonly string[]): Promise<string> {
  const listed = await git('ls-tree', '-r', 'HEAD', '--', ...sources);
  return createHash('sha256').update(listed).digest('hex').slice(0, 16);
}

export type State = 'current' | 'outdated' | 'missing' | 'failed';

/** What the newest result of a row says today. */
export function stateOf(results: readonly Result[], row: string, digest: string): State {
  const newest = results.findLast((result) => result.row === row);
  if (!newest) return 'missing';
  if (newest.sources !== digest || !newest.clean) return 'outdated';
  return newest.verdict === 'passed' ? 'current' : 'failed';
}
