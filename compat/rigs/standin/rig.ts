/**
 * A fast stand-in for Debian's installer, offered under the same paths.
 *
 *   npx tsx compat/rigs/standin/rig.ts prepare [--mirror URL] [--work DIR]
 *   npx tsx compat/rigs/standin/rig.ts serve [--bind ADDRESS] [--port N]
 */
import path from 'node:path';
import { runRigCommand } from '../lib/rig-command.ts';
import { type Rig, type ServeOptions, serveRig } from '../lib/serve.ts';
import { prepareStandinRig, type StandinOptions } from './prepare.ts';

/** Prepares (if need be) and serves. */
export async function startStandinRig(options: ServeOptions & StandinOptions = {}): Promise<Rig> {
  return serveRig(await prepareStandinRig(options), options);
}

if (process.argv[1] && path.resolve(process.argv[1]) === import.meta.filename) {
  await runRigCommand({ prepare: prepareStandinRig, serve: startStandinRig });
}
