/** The way to a server's VNC console. */
import { readFileSync } from 'node:fs';
import type { Site } from '../site.ts';
import { type BytePipe, openPipe } from './byte-pipe.ts';

/**
 * Where the console's websocket is, told by the page that a browser would open:
 * `…/vnc_auto.html?path=%3Ftoken%3D…`, `?token=…` of older releases.
 */
export function socketUrl(page: string): URL {
  const url = new URL(page);
  const path = url.searchParams.get('path');
  const token = url.searchParams.get('token');
  const scheme = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const base = `${scheme}//${url.host}/`;
  if (path !== null) return new URL(path.startsWith('/') ? path : `/${path}`, base);
  return new URL(`/websockify${token === null ? '' : `?token=${token}`}`, base);
}

/**
 * One request to Nova, then a connection that the signal ends. Throws `OZ_CLOUD_CONSOLE` and
 * what Nova refuses with.
 */
export async function connectConsole(
  { cloud, tls: { insecure, cacert } }: Site,
  serverId: string,
  signal: AbortSignal,
): Promise<BytePipe> {
  const { url } = await cloud.nova.remoteConsole(serverId, { signal });
  return openPipe(socketUrl(url), {
    signal,
    insecure,
    ...(cacert === null ? {} : { authority: readFileSync(cacert, 'utf8') }),
  });
}
