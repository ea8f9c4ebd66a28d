/** Presses keys of a server by its VNC console (RFC 6143, 7.5.4). */
import { deadline } from '../../../src/base/abort.ts';
import { messageOf, OzError } from '../../../src/base/errors.ts';
import type { Site } from '../site.ts';
import type { BytePipe } from './byte-pipe.ts';
import { connectConsole } from './connect.ts';
import { keysymOf } from './keysyms.ts';
import { openScreen, type Screen } from './picture.ts';
import { refuse } from './session.ts';

export interface Keyboard {
  /** Linux key codes, pressed together. Throws `OZ_CLOUD_KEYS`. */
  press(codes: readonly number[], signal?: AbortSignal): Promise<void>;
  close(): void;
}

interface Connection {
  pipe: BytePipe;
  screen: Screen;
}

const patienceMs = 10_000;
/** One connection serves all presses that come soon after each other. */
const idleMs = 10_000;
/** Nova is not asked for a console again and again where it gives none. */
const againMs = 3000;

function keyEvent(keysym: number, down: boolean): Buffer {
  const event = Buffer.alloc(8);
  event[0] = 4;
  event[1] = down ? 1 : 0;
  event.writeUInt32BE(keysym, 4);
  return event;
}

/** Down one after the other, and up again in the opposite order. */
function chord(codes: readonly number[]): Buffer {
  const keysyms = codes.map((code) => {
    const keysym = keysymOf(code);
    if (keysym === undefined) throw refuse(`the key ${code} has no name in RFB`);
    return keysym;
  });
  return Buffer.concat([
    ...keysyms.map((keysym) => keyEvent(keysym, true)),
    ...keysyms.reverse().map((keysym) => keyEvent(keysym, false)),
  ]);
}

export function makeKeyboard(site: Site, serverId: string, guestName: string): Keyboard {
  let connection: Connection | null = null;
  let idle: NodeJS.Timeout | undefined;
  let failed: { at: number; error: unknown } | null = null;

  function close(): void {
    clearTimeout(idle);
    connection?.pipe.close();
    connection = null;
  }

  async function connect(signal: AbortSignal): Promise<Connection> {
    if (failed && performance.now() - failed.at < againMs) throw failed.error;
    let pipe: BytePipe | undefined;
    try {
      pipe = await connectConsole(site, serverId, signal);
      return { pipe, screen: await openScreen(pipe) };
    } catch (error) {
      pipe?.close();
      failed = { at: performance.now(), error };
      site.context.log(messageOf(error));
      throw error;
    }
  }

  return {
    async press(codes, signal) {
      clearTimeout(idle);
      const limit = deadline(patienceMs, () => refuse('it takes too long'), signal);
      limit.signal.addEventListener('abort', close, { once: true });
      try {
        const events = chord(codes);
        connection ??= await connect(limit.signal);
        const { pipe, screen } = connection;
        pipe.write(events);
        // What is written to a connection that ends then may be lost.
        await screen.settle();
        idle = setTimeout(close, idleMs);
        idle.unref();
      } catch (error) {
        close();
        signal?.throwIfAborted();
        const cause = limit.signal.aborted ? limit.signal.reason : error;
        throw new OzError(
          'OZ_CLOUD_KEYS',
          `Cannot press keys in guest ${guestName}: ${messageOf(cause)}`,
          { cause, hint: 'the cloud must let VNC consoles be used from here' },
        );
      } finally {
        limit.signal.removeEventListener('abort', close);
        limit.clear();
      }
    },
    close,
  };
}
