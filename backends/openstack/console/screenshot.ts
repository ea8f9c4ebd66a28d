/** What is on a server's screen, by its VNC console. */
import { deadline } from '../../../src/base/abort.ts';
import { messageOf } from '../../../src/base/errors.ts';
import { encodePng } from '../../../src/image/png.ts';
import type { Site } from '../site.ts';
import { connectConsole } from './connect.ts';
import { openScreen } from './picture.ts';
import { refuse } from './session.ts';

const patienceMs = 14_000;

/** A PNG, or null where there is no screen to be had. */
export async function takeScreenshot(
  site: Site,
  serverId: string,
  signal?: AbortSignal,
): Promise<Buffer | null> {
  const limit = deadline(patienceMs, () => refuse('it takes too long'), signal);
  try {
    const pipe = await connectConsole(site, serverId, limit.signal);
    try {
      const { width, height, rgb } = await (await openScreen(pipe)).picture();
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
