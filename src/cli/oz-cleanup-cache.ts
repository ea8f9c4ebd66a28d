/** oz-cleanup-cache: empties the caches in the data directory, after asking. */
import { Readable } from 'node:stream';
import type { Io } from './io.ts';
import { ozCleanupCache } from './options.ts';
import { printable } from './render/format.ts';
import { runCommand } from './run-command.ts';
import { withSignals } from './signals.ts';

/** Asks until there is an answer; the end of the input is a no. */
async function isConfirmed(io: Io, directories: readonly string[], signal: AbortSignal) {
  const question = `Going to remove all content from ${directories.join(', ')}; continue? (y/N) `;
  const { createInterface } = await import('node:readline');
  const lines = createInterface({ input: Readable.from(io.stdin), signal });
  io.stdout.write(printable(question));
  for await (const line of lines) {
    const answer = line.trim().toLowerCase();
    if (answer === 'y') return true;
    if (answer === '' || answer === 'n') return false;
    io.stdout.write(`Please enter 'y' or 'n'\n${printable(question)}`);
  }
  signal.throwIfAborted();
  io.stdout.write('\n');
  return false;
}

export async function main(argv: readonly string[], io: Io): Promise<number> {
  return runCommand(ozCleanupCache, argv, io, ({ options }) =>
    withSignals(io, async (signal) => {
      const [{ readConfig }, { clearCache, listCache }] = await Promise.all([
        import('./compose.ts'),
        import('../media/cache-cleanup.ts'),
      ]);
      const config = await readConfig(options, io);
      const { directories } = await listCache(config.paths.dataDir);
      if (!options.force && !(await isConfirmed(io, directories, signal))) return 0;
      for (const directory of directories) {
        io.stdout.write(`Removing cached content from ${printable(directory)}\n`);
      }
      await clearCache(config.paths.dataDir, { signal });
      return 0;
    }),
  );
}
