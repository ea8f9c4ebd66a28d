/**
 * A fast stand-in for Debian's installer, offered under the same paths.
 *
 *   npx tsx compat/rigs/standin/rig.ts prepare [--mirror URL] [--work DIR]
 *   npx tsx compat/rigs/standin/rig.ts serve [--bind ADDRESS] [--port N]
 */
import path from 'node:path';
import type { Rig, ServeOptions } from '../debian/rig.ts';
import { startOverlayServer } from '../lib/overlay-server.ts';
import { runRigCommand } from '../lib/rig-command.ts';
import { prepareStandinRig } from './prepare.ts';

/** Prepares (if need be) and serves. */
export async function startStandinRig(options: ServeOptions = {}): Promise<Rig> {
  const { mirror, cache, local } = await prepareStandinRig(options);
  const server = await startOverlayServer({
    bind: options.bind ?? '127.0.0.1',
    port: options.port ?? 0,
    roots: [local],
    cache,
    mirror,
    log: options.log,
  });
  return {
    url: `${server.url}/debian`,
    isoUrl: `${server.url}/iso/debian-13-netinst.iso`,
    close: server.close,
  };
}

if (process.argv[1] && path.resolve(process.argv[1]) === import.meta.filename) {
  await runRigCommand({ prepare: prepareStandinRig, serve: startStandinRig });
}
