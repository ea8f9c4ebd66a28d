/** What is on a server's screen. */
import type { Site } from './site.ts';

/** Null where there is no screen to be had. */
export async function takeScreenshot(
  _site: Site,
  _serverId: string,
  _signal?: AbortSignal,
): Promise<Buffer | null> {
  return null;
}
