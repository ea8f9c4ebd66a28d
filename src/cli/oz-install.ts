/** oz-install: a TDL becomes an image, its libvirt XML and, with -g, its ICICLE. */

import type { FindPlace } from '../compose/places.ts';
import type { Io } from './io.ts';
import { ozInstall } from './options.ts';
import { runCommand } from './run-command.ts';

/** `find` is where tests put their own place. */
export async function main(argv: readonly string[], io: Io, find?: FindPlace): Promise<number> {
  return runCommand(ozInstall, argv, io, async ({ options, operands: [tdlFile = ''] }) => {
    const { runInstall } = await import('./install.ts');
    return runInstall(options, tdlFile, io, find);
  });
}
