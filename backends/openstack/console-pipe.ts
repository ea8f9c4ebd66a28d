/** Connects to a server's screen: the VNC console that Nova gives, behind a websocket. */
import { deadline } from '../../src/base/abort.ts';
import { OzError } from '../../src/base/errors.ts';
import { type BytePipe, openPipe } from './byte-pipe.ts';
import { readAuthority } from './http/tls-files.ts';
import type { Site } from './site.ts';

const patienceMs = 14_000;

/** For one use of the console, with connecting. `doing` is said of one that takes too long. */
export function consoleDeadline(doing: string, signal?: AbortSignal): ReturnType<typeof deadline> {
  const late = () => new OzError('OZ_CLOUD_CONSOLE', `Cannot ${doing}: it takes too long`);
  return deadline(patienceMs, late, signal);
}

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
 * Asks Nova for a console, and connects to it. The connection ends with the signal. Throws Nova's
 * errors and `OZ_CLOUD_CONSOLE`.
 */
export async function openConsole(
  { cloud, tls }: Site,
  serverId: string,
  signal: AbortSignal,
): Promise<BytePipe> {
  const { url } = await cloud.nova.remoteConsole(serverId, { signal });
  const { insecure, cacert } = tls;
  return openPipe(socketUrl(url), {
    signal,
    insecure,
    ...(cacert === null ? {} : { authority: readAuthority(cacert) }),
  });
}
