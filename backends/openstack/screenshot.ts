/** What is on a server's screen, by its VNC console. */
import { messageOf } from '../../src/base/errors.ts';
import { encodePng } from '../../src/image/png.ts';
import { consoleDeadline, openConsole } from './console-pipe.ts';
import { takePicture } from './rfb-picture.ts';
import type { Site } from './site.ts';

/** A PNG, or null where there is no screen to be had. */
export async function takeScreenshot(
  site: Site,
  serverId: string,
  signal?: AbortSignal,
): Promise<Buffer | null> {
  const limit = consoleDeadline('look at the screen', signal);
  try {
    const pipe = await openConsole(site, serverId, limit.signal);
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
