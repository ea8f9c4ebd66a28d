/** oz-cleanup-cache: empties the caches in the data directory and in the cloud, after asking. */
import { Readable } from 'node:stream';
import type { FindPlace } from '../compose/places.ts';
import type { Io } from './io.ts';
import { ozCleanupCache } from './options.ts';
import { printable } from './render/format.ts';
import { showWarnings } from './render/warnings.ts';
import { runCommand } from './run-command.ts';
import { withSignals } from './signals.ts';
import type { StagedCache } from './staged-cache.ts';

/** Asks until there is an answer; the end of the input is a no. */
async function isConfirmed(io: Io, question: string, signal: AbortSignal) {
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

function questionOf(directories: readonly string[], staged: StagedCache | undefined): string {
  const images = staged?.media.length
    ? ` and ${staged.media.length} staged images in ${staged.where}`
    : '';
  return `Going to remove all content from ${directories.join(', ')}${images}; continue? (y/N) `;
}

/** `find` is where tests put their own place. */
export async function main(argv: readonly string[], io: Io, find?: FindPlace): Promise<number> {
  return runCommand(ozCleanupCache, argv, io, ({ options }) =>
    withSignals(io, async (signal) => {
      const [{ readConfig }, { clearCache, listCache }] = await Promise.all([
        import('../compose/settings.ts'),
        import('../media/cache-cleanup.ts'),
      ]);
      const config = await readConfig(options, io);
      showWarnings(config.warnings, { json: false, level: 0 }, io);
      const { directories } = await listCache(config.paths.dataDir);
      const type = options.backend ?? config.backend.type;
      const asks = !(options.force || options.yes);
      let staged: StagedCache | undefined;
      // A cloud out of reach is told at the end: it is no reason to keep what is here.
      let unseen: unknown;
      try {
        if (type === 'openstack') {
          const { openStagedCache } = await import('./staged-cache.ts');
          staged = await openStagedCache(config, io, signal, find).catch((error: unknown) => {
            signal.throwIfAborted();
            unseen = error;
            return undefined;
          });
          io.stdout.write(staged?.text ?? '');
        }
        const removable = !asks || io.stdin.isTTY ? staged : undefined;
        if (asks && !(await isConfirmed(io, questionOf(directories, removable), signal))) return 0;
        for (const directory of directories) {
          io.stdout.write(`Removing cached content from ${printable(directory)}\n`);
        }
        await clearCache(config.paths.dataDir, { signal });
        if (removable) await removable.clear((line) => io.stdout.write(printable(line)));
        else if (staged?.media.length)
          io.stderr.write('Images in the cloud stay: there is no terminal to ask on; use -y\n');
        if (unseen) throw unseen;
        return 0;
      } finally {
        await staged?.close();
      }
    }),
  );
}
