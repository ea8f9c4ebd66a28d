/**
 * Looks at a running server, seldom: what the engine asks every second is
 * answered from the last look. A look takes up to three requests (state,
 * console, diagnostics), and looks are so far apart that they stay below
 * twelve a minute.
 */
import { delay } from '../../src/base/abort.ts';
import { codeOf, messageOf } from '../../src/base/errors.ts';
import type { Activity, GuestState, StopEvent } from '../backend.ts';
import type { ConsoleLog } from './console-growth.ts';
import { endedBy } from './ended-by.ts';
import { faultDetails } from './http/failures.ts';
import type { Server } from './services/types.ts';
import type { Site } from './site.ts';
import { serverFailure } from './wait.ts';

export interface WatchOptions {
  site: Site;
  /** The guest's name. */
  name: string;
  serverId: string;
  log: ConsoleLog;
  /** Diagnostics too, not the console alone. */
  countActivity: boolean;
  /** Aborted when the place is closed. */
  closing: AbortSignal;
  onEnd(event: StopEvent, state: GuestState): void;
  /** Whether we have asked it to stop. */
  stopping(): boolean;
}

export interface Watch {
  state(): GuestState;
  activity(): Activity | null;
  server(): Server | null;
  /** Whether a console could be read. */
  hasConsole(): boolean;
  end(): void;
}

const poweredOff = 4;
const crashed = 6;
const paused = 3;

/** Looks at a guest that is off but not yet SHUTOFF, before it counts as stopped all the same. */
const patience = 3;
/** Looks at the state alone, at half the usual distance, after the console has gone. */
const hurriedLooks = 4;
/** Milliseconds for the console of a guest that has ended: its host may be gone, too. */
const lastWordsMs = 10_000;
/** Looks in a row that fail, each after all retries, before the guest is given up. */
const mostFailures = 3;

/** Clouds differ in which of these they let users see; asked once, remembered. */
async function ifAllowed<T>(
  site: Site,
  what: 'diagnostics' | 'console',
  ask: () => Promise<T>,
): Promise<T | null> {
  if (site.refused.has(what)) return null;
  try {
    return await ask();
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (code === 'OZ_CLOUD_BUSY') return null; // it is not running (any more)
    const status = faultDetails(error)?.status;
    if (status === 500 || status === 501) {
      // Nova is there, but its driver can't: no reason to give up the guest.
      if (status === 501) site.refused.add(what);
      site.context.log(`the cloud shows no ${what} now: ${messageOf(error)}`);
      return null;
    }
    if (
      !['OZ_CLOUD_POLICY', 'OZ_CLOUD_GONE', 'OZ_CLOUD_VERSION', 'OZ_CLOUD_REFUSED'].includes(code)
    ) {
      throw error;
    }
    // A server that has just gone looks the same as an extension that is not there.
    if (code === 'OZ_CLOUD_POLICY' || code === 'OZ_CLOUD_VERSION') {
      site.refused.add(what);
      site.context.log(`the cloud shows no ${what}: ${messageOf(error)}`);
    }
    return null;
  }
}

/** What a server's state means for its run; null: it goes on. */
function endOf(server: Server, offFor: number): { event: StopEvent; state: GuestState } | null {
  const { status, powerState, taskState } = server;
  if (status === 'ERROR') {
    const detail = serverFailure('', 'run', server).message.replace(/^[^:]*: /, '');
    return { event: { reason: 'failed', detail }, state: 'error' };
  }
  if (['DELETED', 'SOFT_DELETED'].includes(status)) {
    return { event: { reason: 'destroyed', detail: 'the server was deleted' }, state: 'gone' };
  }
  const off = powerState === poweredOff;
  // A guest that powers off while it is rescued stays RESCUE.
  if ((status === 'SHUTOFF' && taskState === null) || (off && status === 'RESCUE')) {
    return { event: { reason: 'shutdown' }, state: 'stopped' };
  }
  // Clouds without power events notice it minutes later; it is off all the same.
  if (off && offFor >= patience) return { event: { reason: 'shutdown' }, state: 'stopped' };
  if (powerState === crashed) return { event: { reason: 'crashed' }, state: 'crashed' };
  return null;
}

/** Begins to look; `onEnd` is called once. */
export function watchServer(options: WatchOptions): Watch {
  const { site, name, serverId, log, countActivity, closing, onEnd } = options;
  const { nova } = site.cloud;
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, closing]);
  let state: GuestState = 'running';
  let activity: Activity | null = null;
  let last: Server | null = null;
  let offFor = 0;
  let console_ = false;
  let requests = 1;
  let hurried = 0;

  function finish(event: StopEvent, ended: GuestState): void {
    if (signal.aborted) return;
    state = ended;
    ending.abort();
    onEnd(event, ended);
  }

  async function lookInside(): Promise<void> {
    const shown = await ifAllowed(site, 'console', () => nova.consoleOutput(serverId, { signal }));
    if (shown !== null) {
      console_ = true;
      await log.take(shown);
    } else if (console_) {
      hurried = hurriedLooks; // Nova shows none of a guest that is off
    }
    requests = site.refused.has('console') ? 1 : 2;
    if (!countActivity) return;
    const counted = await ifAllowed(site, 'diagnostics', () =>
      nova.diagnostics(serverId, { signal }),
    );
    if (!site.refused.has('diagnostics')) requests++;
    if (counted) {
      const { diskRequests, networkBytes, bytesWritten } = counted;
      activity = { diskRequests, networkBytes, bytesWritten, sampled: true };
    }
  }

  /** What was printed since the last look, often the reason for the end; not every Nova still shows it. */
  async function lastWords(): Promise<void> {
    if (site.refused.has('console') || hurried > 0) return;
    const soon = AbortSignal.any([signal, AbortSignal.timeout(lastWordsMs)]);
    const shown = await nova.consoleOutput(serverId, { signal: soon }).catch(() => null);
    if (shown === null) return;
    console_ = true;
    await log.take(shown);
  }

  async function look(): Promise<void> {
    const server = await nova.server(serverId, { signal });
    if (!server) return finish({ reason: 'destroyed', detail: 'the server was deleted' }, 'gone');
    last = server;
    offFor = server.powerState === poweredOff ? offFor + 1 : 0;
    const end = endOf(server, offFor);
    if (end) {
      await lastWords();
      const asked = end.event.reason !== 'shutdown' || options.stopping();
      return finish(asked ? end.event : await endedBy(site, serverId, signal), end.state);
    }
    state = server.powerState === paused ? 'paused' : 'running';
    if (hurried > 0) {
      hurried--;
      requests = 1;
    } else if (offFor === 0) {
      await lookInside();
    }
  }

  async function watch(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      // Spread, so that builds that were started together don't ask together.
      await delay(requests * site.looks.waiting * (0.92 + Math.random() * 0.16), signal);
      try {
        await look();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        site.context.log(`guest ${name}: ${messageOf(error)}`);
        if (++failures < mostFailures && codeOf(error) !== 'OZ_CLOUD_AUTH') continue;
        finish({ reason: 'failed', detail: messageOf(error) }, 'error');
      }
    }
  }

  watch().catch(() => {}); // ended
  return {
    state: () => state,
    activity: () => activity,
    server: () => last,
    hasConsole: () => console_,
    end: () => ending.abort(),
  };
}
