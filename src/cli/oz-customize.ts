/** oz-customize: customises an image that was installed before. */

import type { FindPlace } from '../compose/places.ts';
import type { Io } from './io.ts';
import { ozCustomize } from './options.ts';
import { runCommand } from './run-command.ts';

/** `find` is where tests put their own place. */
export async function main(argv: readonly string[], io: Io, find?: FindPlace): Promise<number> {
  return runCommand(ozCustomize, argv, io, async ({ options, operands }) => {
    const { workInExisting } = await import('./existing.ts');
    const line = {
      config: options.config,
      backend: options.backend,
      onError: options.onError,
      mac: options.macAddress,
      customize: true,
      icicle: false,
      rendering: {
        json: options.json,
        progress: options.progress ?? 'auto',
        level: options.debug ?? 0,
      },
    } as const;
    const { published } = await workInExisting(line, operands, io, find);
    if (published && !options.json) {
      const { publishedLine } = await import('./render/results.ts');
      io.stdout.write(publishedLine(published));
    }
    return 0;
  });
}
