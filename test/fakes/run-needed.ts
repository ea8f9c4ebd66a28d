/** Programs that tests start themselves: where one is missing, the test fails and names its package. */
import { type SpawnSyncOptions, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { missingHint } from '../../src/base/debian-packages.ts';

/** Runs a program to its end, and returns what it printed. */
export function runNeeded(
  program: string,
  args: readonly string[],
  options: Omit<SpawnSyncOptions, 'encoding'> = {},
): SpawnSyncReturns<string> {
  const result = spawnSync(program, args, { ...options, encoding: 'utf8' });
  if ((result.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    throw new Error(`This test needs ${program}: ${missingHint(program)}`);
  }
  return result;
}
