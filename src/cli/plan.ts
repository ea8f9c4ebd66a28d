/** oz plan: what oz-install would do with the same options, and nothing else. */

import type { FindPlace } from '../compose/places.ts';
import type { Io } from './io.ts';
import { ozPlan } from './options.ts';
import { boldHeadings } from './render/color.ts';
import { runCommand } from './run-command.ts';

/** `find` is where tests put their own place. */
export async function main(argv: readonly string[], io: Io, find?: FindPlace): Promise<number> {
  return runCommand(ozPlan, argv, io, async ({ options, operands: [tdlFile = ''] }) => {
    const { decide } = await import('./decide.ts');
    const shown = await decide(options, tdlFile, io, find).catch(async (error: unknown) => {
      const { incomplete, proposeFor } = await import('./propose.ts');
      const proposed = await proposeFor(error, options, tdlFile, io);
      if (!proposed) throw error;
      if (options.json) io.stdout.write(`${JSON.stringify(proposed, null, 2)}\n`);
      throw incomplete(proposed, error);
    });
    if (options.json) io.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
    else {
      const { planText } = await import('./render/plan-text.ts');
      io.stdout.write(boldHeadings(io.stdout, planText(shown), /^\S.*$/gm));
    }
    return 0;
  });
}
