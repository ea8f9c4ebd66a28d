/** What is on a server's screen, by its VNC console. */
import { readFileSync } from 'node:fs';
import { deadline } from '../../src/base/abort.ts';
import { messageOf, OzError } from '../../src/base/errors.ts';
import { encodePng } from '../../src/image/png.ts';
import { openPipe } from './byte-pipe.ts';
import { takePicture } from './rfb.ts';
import type { Site } from './site.ts';

const patienceMs = 14_000;

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

/** A PNG, or null where there is no screen to be had. */
export async function takeScreenshot(
  site: Site,
  serverId: string,
  signal?: AbortSignal,
): Promise<Buffer | null> {
  const late = () =>
    new OzError('OZ_CLOUD_CONSOLE', 'Cannot look at the screen: it takes too long');
  const limit = deadline(patienceMs, late, signal);
  try {
    const { url } = await site.cloud.nova.remoteConsole(serverId, { signal: limit.signal });
    const { insecure, cacert } = site.tls;
    const pipe = await openPipe(socketUrl(url), {
      signal: limit.signal,
      insecure,
      ...(cacert === null ? {} : { authority: readFileSync(cacert, 'utf8') }),
    });
    try {
      const { width, height, rgb } = await takePicture(pipe);
      return encodePng(width, height, rgb);
    } finally {
      pipe.close();
    }
  } catch (error) {
    signal?.throwIfAborted();
    site.context.log(messageOf(error));
    return null;
  } finally {
    limit.clear();
  }
}
