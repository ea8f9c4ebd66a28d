/**
 * Presses keys in one guest through its VNC console. Keys are pressed again and again while a
 * boot loader may wait for one: the connection is kept between presses rather than asked of Nova
 * each time, and Nova is not asked more often than by a look.
 */
import { codeOf, messageOf, OzError } from '../../src/base/errors.ts';
import type { BytePipe } from './byte-pipe.ts';
import { consoleDeadline, openConsole } from './console-pipe.ts';
import { faultDetails } from './http/failures.ts';
import { keysymsOf } from './keysyms.ts';
import { pressTogether } from './rfb-keys.ts';
import { beginSession } from './rfb-session.ts';
import type { Site } from './site.ts';

export interface KeyboardOptions {
  site: Site;
  /** The guest's name. */
  name: string;
  /** Aborted when the place is closed. */
  closing: AbortSignal;
  /** Milliseconds after a press in which the next one finds its connection. */
  idleMs?: number | undefined;
}

export interface Keyboard {
  /**
   * Linux key codes, together; one press after another. Throws `OZ_CLOUD_KEYS` for an unknown
   * code, `OZ_CLOUD_CONSOLE` for all else: a later press may do better, but costs nothing where
   * the cloud has no such console.
   */
  press(serverId: string, codes: readonly number[], signal?: AbortSignal): Promise<void>;
  /** Hangs up. A later press connects again. */
  close(): void;
}

/** More than a look's distance, so that whoever presses again may ask again. */
const usualIdleMs = 10_000;

/** After these the cloud would say the same again: no such console, or not for this user. */
const finalCodes = new Set(['OZ_CLOUD_REFUSED', 'OZ_CLOUD_POLICY', 'OZ_CLOUD_VERSION']);

/** Nova's word for a hypervisor without VNC. */
const notImplemented = 501;

function isFinal(error: unknown): boolean {
  return finalCodes.has(codeOf(error) ?? '') || faultDetails(error)?.status === notImplemented;
}

function cannot(name: string, error: unknown): OzError {
  const why = messageOf(error).replace(/^Cannot [^:]*: /, '');
  return new OzError('OZ_CLOUD_CONSOLE', `Cannot press keys in guest ${name}: ${why}`, {
    hint: "keys are pressed through the server's VNC console: see whether the cloud gives one (openstack console url show), and press them there",
    cause: error,
  });
}

const hungUp = () =>
  new OzError('OZ_CLOUD_CONSOLE', 'Cannot press keys: the connection to its screen is closed');

export function createKeyboard(options: KeyboardOptions): Keyboard {
  const { site, name, closing, idleMs = usualIdleMs } = options;
  let pipe: BytePipe | null = null;
  let connection = new AbortController();
  let idle: NodeJS.Timeout | undefined;
  let askAgainAt = Number.NEGATIVE_INFINITY;
  let failure: unknown = null;
  let turn: Promise<void> = Promise.resolve();

  function hangUp(reason: unknown): void {
    clearTimeout(idle);
    connection.abort(reason);
    pipe?.close();
    pipe = null;
  }

  async function connect(serverId: string): Promise<BytePipe> {
    if (failure !== null && isFinal(failure)) throw failure;
    if (performance.now() < askAgainAt) throw failure ?? hungUp();
    askAgainAt = performance.now() + site.looks.waiting;
    connection = new AbortController();
    const signal = AbortSignal.any([connection.signal, closing]);
    pipe = await openConsole(site, serverId, signal);
    await beginSession(pipe);
    return pipe;
  }

  async function pressNow(
    serverId: string,
    keysyms: readonly number[],
    signal?: AbortSignal,
  ): Promise<void> {
    signal?.throwIfAborted();
    clearTimeout(idle);
    const limit = consoleDeadline('press keys', signal);
    const end = () => hangUp(limit.signal.reason);
    limit.signal.addEventListener('abort', end, { once: true });
    try {
      await pressTogether(pipe && !pipe.over() ? pipe : await connect(serverId), keysyms);
      failure = null;
      idle = setTimeout(() => hangUp(hungUp()), idleMs).unref();
    } catch (error) {
      hangUp(error);
      signal?.throwIfAborted();
      failure = error;
      throw cannot(name, error);
    } finally {
      limit.signal.removeEventListener('abort', end);
      limit.clear();
    }
  }

  return {
    async press(serverId, codes, signal) {
      const keysyms = keysymsOf(codes);
      const pressed = turn.then(() => pressNow(serverId, keysyms, signal));
      turn = pressed.catch(() => {});
      return pressed;
    },
    close: () => hangUp(hungUp()),
  };
}
