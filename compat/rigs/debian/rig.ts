/**
 * The real installer of Debian 13 on a machine whose mirror carries ordinary
 * packages only.
 *
 *   npx tsx compat/rigs/debian/rig.ts prepare [--mirror URL] [--work DIR]
 *   npx tsx compat/rigs/debian/rig.ts serve [--bind ADDRESS] [--port N]
 */
import path from 'node:path';
import { startOverlayServer } from '../lib/overlay-server.ts';
import { runRigCommand } from '../lib/rig-command.ts';
import { prepareDebianRig, type RigOptions } from './prepare.ts';

export interface ServeOptions extends RigOptions {
  bind?: string | undefined;
  /** 0, which is the default: any free port. */
  port?: number | undefined;
}

export interface Rig {
  /** http://address:port/debian, an archive with its installer tree. */
  url: string;
  /** URL of the installer ISO; SHA256SUMS is beside it. */
  isoUrl: string;
  close(): Promise<void>;
}

/** Prepares (if need be) and serves. */
export async function startDebianRig(options: ServeOptions = {}): Promise<Rig> {
  const { mirror, cache, local } = await prepareDebianRig(options);
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
  await runRigCommand({ prepare: prepareDebianRig, serve: startDebianRig });
}
