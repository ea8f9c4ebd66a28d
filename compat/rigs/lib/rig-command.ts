/** The command line that both rigs have: prepare and serve. */
import { parseArgs } from 'node:util';
import { messageOf, OzError } from '../../../src/base/errors.ts';
import type { Rig, ServeOptions } from './serve.ts';

export interface RigCommands {
  prepare(options: ServeOptions): Promise<unknown>;
  serve(options: ServeOptions): Promise<Rig>;
}

const usage = 'usage: rig.ts prepare|serve [--mirror URL] [--work DIR] [--bind ADDRESS] [--port N]';

/** Runs the command of process.argv; a server runs until SIGINT or SIGTERM. */
export async function runRigCommand(commands: RigCommands): Promise<void> {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        mirror: { type: 'string' },
        work: { type: 'string' },
        bind: { type: 'string' },
        port: { type: 'string' },
      },
    });
    const command = positionals[0];
    if (positionals.length !== 1 || (command !== 'prepare' && command !== 'serve')) {
      throw new OzError('OZ_RIG_USAGE', usage, { exitCode: 2 });
    }
    const log = (line: string) => console.log(line);
    const options = { ...values, port: Number(values.port ?? 8099), log };
    if (command === 'prepare') {
      await commands.prepare(options);
      return;
    }
    const rig = await commands.serve(options);
    console.log(`serving ${rig.url} and ${rig.isoUrl}`);
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => rig.close());
  } catch (error) {
    console.error(`rig: ${messageOf(error)}`);
    if (error instanceof OzError && error.hint) console.error(`  ${error.hint}`);
    process.exitCode = error instanceof OzError ? error.exitCode : 1;
  }
}
