/**
 * The real installer of Debian 13 on a machine whose mirror carries ordinary
 * packages only.
 *
 *   npx tsx compat/rigs/debian/rig.ts prepare [--mirror URL] [--work DIR]
 *   npx tsx compat/rigs/debian/rig.ts serve [--bind ADDRESS] [--port N]
 */
import path from 'node:path';
import { runRigCommand } from '../lib/rig-command.ts';
import { type Rig, type ServeOptions, serveRig } from '../lib/serve.ts';
import { prepareDebianRig } from './prepare.ts';

/** Prepares (if need be) and serves. */
export async function startDebianRig(options: ServeOptions = {}): Promise<Rig> {
  return serveRig(await prepareDebianRig(options), options);
}

if (process.argv[1] && path.resolve(process.argv[1]) === import.meta.filename) {
  await runRigCommand({ prepare: prepareDebianRig, serve: startDebianRig });
}
