/** Presses keys by RFB (RFC 6143, 7.5.4), after beginSession(). */
import { delay } from '../../src/base/abort.ts';
import type { BytePipe } from './byte-pipe.ts';
import { awaitPixels } from './rfb-session.ts';

/** As long as the libvirt backend holds them. */
const holdMs = 100;

const onePixel = { width: 1, height: 1 };

function keyEvent(keysym: number, down: boolean): Buffer {
  const event = Buffer.alloc(8);
  event[0] = 4;
  event[1] = down ? 1 : 0;
  event.writeUInt32BE(keysym, 4);
  return event;
}

/**
 * Presses X keysyms together: down in their order, up in the reverse one. Returns when the
 * server has read all: what is on its way when a websocket closes may be lost. Throws
 * `OZ_CLOUD_CONSOLE`.
 */
export async function pressTogether(pipe: BytePipe, keysyms: readonly number[]): Promise<void> {
  for (const keysym of keysyms) pipe.write(keyEvent(keysym, true));
  await delay(holdMs);
  for (const keysym of [...keysyms].reverse()) pipe.write(keyEvent(keysym, false));
  await awaitPixels(pipe, () => onePixel);
}
