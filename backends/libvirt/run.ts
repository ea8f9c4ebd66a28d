/** The runs of one domain: how each of them ends, and the calls that its end makes fail. */
import { delay } from '../../src/base/abort.ts';
import { messageOf } from '../../src/base/errors.ts';
import type { CallOptions, GuestState, StopEvent } from '../backend.ts';
import type { Connection, DomainEvent } from './connection.ts';
import { isDisconnected, isGone, isMonitorFailure, libvirtCode, mayBeAnEnd } from './failures.ts';
import { vir } from './ffi.ts';
import { lateEvents } from './late-events.ts';
import { endStates, offReasons, pauseReason, states, stops } from './run-ends.ts';

export interface RunParts {
  connection: Connection;
  uuid: string;
  /** The guest's. */
  name: string;
  /** `kvm`, `qemu`, … */
  type: string | undefined;
  log(line: string): void;
  lags?: Lags | undefined;
}

/** Milliseconds; ample, since on a busy host finished work hangs on them. */
export interface Lags {
  /** How long an event may lag behind the state it tells of. */
  event: number;
  /** How long an end may be told after a call failed by it, which is its first sign. */
  monitor: number;
}

const usualLags: Lags = { event: 10_000, monitor: 20_000 };
/** The same for a start that failed, most often for good. */
const startLag = 2000;
/** Between two questions for the state. */
const askAgain = 100;

export interface Runs {
  running(): boolean;
  /** How the last run ended. */
  ended(): GuestState;
  onStop(listener: (event: StopEvent) => void): () => void;
  /** A run begins; called before the domain is made, since its end may be told before that returns. */
  begin(): void;
  /** Its domain could not be made. Whether that is because the guest has powered off already. */
  notMade(error: unknown): Promise<boolean>;
  finish(event: StopEvent, state?: GuestState): void;
  state(options?: CallOptions): Promise<GuestState>;
  /** Waits until the run has ended, at most `ms`; says whether it has. */
  awaitEnd(ms: number, signal?: AbortSignal): Promise<boolean>;
  /**
   * `use`'s result, or `otherwise` where it fails for a domain that has ended, or is ending: every
   * call that needs QEMU's monitor goes through here.
   */
  ifThere<T>(use: () => Promise<T>, otherwise: T, signal?: AbortSignal): Promise<T>;
  /** The same, and `otherwise` for a guest that is not running. */
  whileRunning<T>(use: () => Promise<T>, otherwise: T, signal?: AbortSignal): Promise<T>;
  /** Ends the domain; no error when there is none. */
  kill(): Promise<void>;
  /** No more events. */
  close(): void;
}

export function watchRuns(parts: RunParts): Runs {
  const { connection, uuid, name, type, log, lags = usualLags } = parts;
  const listeners = new Set<(event: StopEvent) => void>();
  let running = false;
  let ended: GuestState = 'stopped';
  let ioError: string | null = null;
  /** Who QEMU says wanted the power off, told before the domain is said to have stopped. */
  let offBy: number | null = null;
  const { begin, isLate } = lateEvents(connection, uuid);

  function finish(event: StopEvent, state: GuestState = endStates[event.reason]): void {
    if (!running) return;
    running = false;
    ended = state;
    log(`guest ${name}: ${event.reason}${event.detail ? ` (${event.detail})` : ''}`);
    for (const listener of [...listeners]) listener(event);
  }

  function stopped(told: StopEvent['reason']): void {
    if (told === 'shutdown' && offBy === vir.shutdownBy.host) {
      const detail = "QEMU was ended by somebody else on the guest's host";
      finish({ reason: 'destroyed', detail });
      return;
    }
    // libvirt can't tell more of a guest that powered off in the middle of its start.
    const reason = told === 'failed' && offBy === vir.shutdownBy.guest ? 'shutdown' : told;
    finish({ reason, detail: reason === 'failed' ? 'the emulator failed' : undefined });
  }

  const ask = (signal?: AbortSignal) =>
    connection.call('look at the guest', 'domainState', [uuid], { signal });

  /** The domain is still there, but will not go on by itself. */
  async function onSuspended(): Promise<void> {
    try {
      const detail = pauseReason((await ask()).reason, ioError, type);
      if (detail) finish({ reason: 'failed', detail }, 'paused');
    } catch (error) {
      if (!isGone(error)) log(`guest ${name}: ${messageOf(error)}`);
    }
  }

  const lostConnection = () =>
    finish({ reason: 'failed', detail: 'the connection to libvirt was lost' });

  function onEvent(event: DomainEvent): void {
    if (event.kind === 'connection-lost') lostConnection();
    else if (isLate(event)) return;
    else if (event.kind === 'io-error') ioError = event.reason;
    else if (event.event === vir.event.shutdown) offBy = event.detail;
    else if (event.event === vir.event.stopped) stopped(stops[event.detail] ?? 'failed');
    else if (event.event === vir.event.crashed) finish({ reason: 'crashed' });
    else if (event.event === vir.event.suspended) void onSuspended();
  }

  const unlisten = connection.onDomain(uuid, onEvent);

  async function awaitEnd(ms: number, signal?: AbortSignal): Promise<boolean> {
    if (!running) return true;
    const wait = new AbortController();
    const listener = () => wait.abort();
    listeners.add(listener);
    try {
      const either = signal ? AbortSignal.any([signal, wait.signal]) : wait.signal;
      await delay(ms, either);
    } catch (error) {
      if (signal?.aborted) throw error;
    } finally {
      listeners.delete(listener);
    }
    return !running;
  }

  /** The domain is gone, and its event is yet to come; `reason`: what its state said. */
  async function missed(reason: StopEvent['reason'] | undefined): Promise<void> {
    if (await awaitEnd(lags.event)) return;
    if (reason !== undefined) stopped(reason);
    finish({ reason: 'failed', detail: 'the guest is gone, and libvirt did not report why' });
  }

  async function state(options?: CallOptions): Promise<GuestState> {
    if (!running) return ended;
    try {
      const told = await ask(options?.signal);
      const known = states[told.state] ?? 'error';
      if (known !== 'stopped' && known !== 'crashed') return known;
      await missed(known === 'crashed' ? 'crashed' : offReasons[told.reason]);
    } catch (error) {
      if (isDisconnected(error)) lostConnection();
      else if (isGone(error)) await missed(undefined);
      else throw error;
    }
    return ended;
  }

  /** Whether a call failed because the guest has ended; that it ends is told later than it fails. */
  async function endedMeanwhile(error: unknown, signal?: AbortSignal): Promise<boolean> {
    const until = performance.now() + (mayBeAnEnd(error) ? lags.monitor : 0);
    do {
      const now = await state({ signal });
      if (now !== 'running' && now !== 'paused') return true;
    } while (!(await awaitEnd(askAgain, signal)) && performance.now() < until);
    return !running;
  }

  async function ifThere<T>(use: () => Promise<T>, otherwise: T, signal?: AbortSignal): Promise<T> {
    try {
      return await use();
    } catch (error) {
      if (signal?.aborted) throw error;
      if (isGone(error)) return otherwise;
      const over = await endedMeanwhile(error, signal).catch(() => false);
      signal?.throwIfAborted();
      if (over) return otherwise;
      // Something else is being done to it for longer than libvirt waits: no word on the guest.
      if (libvirtCode(error) !== vir.error.operationTimeout) throw error;
      log(`guest ${name}: ${messageOf(error)}`);
      return otherwise;
    }
  }

  return {
    running: () => running,
    ended: () => ended,
    onStop(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    begin() {
      ioError = null;
      offBy = null;
      begin();
      running = true;
    },
    async notMade(error) {
      const lag = offBy === null ? Math.min(startLag, lags.event) : lags.event;
      if (isMonitorFailure(error)) await awaitEnd(lag);
      if (offBy === vir.shutdownBy.guest) finish({ reason: 'shutdown' });
      const off = !running && ended === 'stopped' && offBy !== vir.shutdownBy.host;
      running = false;
      return off && isMonitorFailure(error);
    },
    finish,
    state,
    awaitEnd,
    ifThere,
    whileRunning: async (use, otherwise, signal) =>
      running ? ifThere(use, otherwise, signal) : otherwise,
    async kill() {
      try {
        await connection.call(`end guest ${name}`, 'destroyDomain', [uuid]);
      } catch (error) {
        if (isGone(error)) return;
        const there = await ask().catch((problem: unknown) => {
          if (isGone(problem)) return null;
          throw error;
        });
        if (there !== null && states[there.state] !== 'stopped') throw error;
      }
    },
    close: unlisten,
  };
}
