/** What every Debian rig is to its users: an archive and an ISO behind one URL. */
import { startOverlayServer } from './overlay-server.ts';

export interface RigOptions {
  /** Mirror to use instead of apt's. */
  mirror?: string | undefined;
  /** Where downloads and results are kept. */
  work?: string | undefined;
  log?: ((line: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface RigPaths {
  mirror: string;
  /** Root of the mirror's cached files. */
  cache: string;
  /** Root of what this rig made. */
  local: string;
}

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

/** Serves what a rig made, before the mirror's own files. */
export async function serveRig(
  { mirror, cache, local }: RigPaths,
  { bind = '127.0.0.1', port = 0, log }: ServeOptions,
): Promise<Rig> {
  const server = await startOverlayServer({ bind, port, roots: [local], cache, mirror, log });
  return {
    url: `${server.url}/debian`,
    isoUrl: `${server.url}/iso/debian-13-netinst.iso`,
    close: server.close,
  };
}
