/** oz-generate-icicle: lists the packages of an image that was installed before. */

import type { FindPlace } from '../compose/places.ts';
import type { Io } from './io.ts';
import { ozGenerateIcicle } from './options.ts';
import { runCommand } from './run-command.ts';

/** `find` is where tests put their own place. */
export async function main(argv: readonly string[], io: Io, find?: FindPlace): Promise<number> {
  return runCommand(ozGenerateIcicle, argv, io, async ({ options, operands }) => {
    const { workInExisting } = await import('./existing.ts');
    const line = {
      config: options.config,
      backend: options.backend,
      onError: options.onError,
      customize: false,
      icicle: true,
      icicleFile: options.icicle,
      rendering: {
        json: options.json,
        progress: options.progress ?? 'auto',
        level: options.debug ?? 0,
      },
    } as const;
    const { icicleText: text } = await workInExisting(line, operands, io, find);
    if (options.json || text === undefined) return 0;
    io.stdout.write(
      options.icicle === undefined
        ? `${text.trimEnd()}\n`
        : `ICICLE XML was written to ${options.icicle}\n`,
    );
    return 0;
  });
}
