/** One virtual machine: a transient domain for each run, nothing in between. */
import { rm } from 'node:fs/promises';
import { delay } from '../../src/base/abort.ts';
import { announced } from '../../src/base/announcement.ts';
import { messageOf, OzError } from '../../src/base/errors.ts';
import type { LedgerEntry } from '../../src/base/ledger-entry.ts';
import type {
  Activity,
  BackendContext,
  Boot,
  Guest,
  GuestSpec,
  GuestState,
  StopEvent,
} from '../backend.ts';
import { parseXml } from './caps.ts';
import type { Connection, DomainEvent } from './connection.ts';
import { prepareConsoleLog, readConsoleLog } from './console-log.ts';
import { type DomainHost, diskTargets, domainXml, macOf, nvramPath } from './domain-xml.ts';
import { isDisconnected, isGone, libvirtCode } from './failures.ts';
import { vir } from './ffi.ts';
import { type Bridge, guestAddress } from './network.ts';
import { ppmToPng } from './png.ts';
import { holdLogDaemon } from './root-daemon.ts';
import type { Storage } from './storage.ts';
import { readUri } from './uri.ts';
import { forwardSsh } from './user-net.ts';
import { waysToLook } from './ways-to-look.ts';

export interface GuestParts {
  connection: Connection;
  context: BackendContext;
  storage: Pick<Storage, 'exportDisk'>;
  spec: GuestSpec;
  host: DomainHost;
  /** Null: user-mode networking. */
  bridge: Bridge | null;
  /** What the ledger calls the domain. */
  entry: LedgerEntry;
  onDestroyed(): void;
}

/** How often a guest that doesn't react is asked again to shut down. */
const askAgain = 10_000;
/** Bytes of the console that are searched for an address; guests repeat it. */
const announcementTail = 65_536;
/** How long an event may lag behind the state it tells of. */
const eventLag = 2000;

const states: Record<number, GuestState> = {
  [vir.state.noState]: 'running',
  [vir.state.running]: 'running',
  [vir.state.blocked]: 'running',
  [vir.state.paused]: 'paused',
  [vir.state.shutdown]: 'running',
  [vir.state.shutoff]: 'stopped',
  [vir.state.crashed]: 'crashed',
  [vir.state.pmSuspended]: 'paused',
};

const stops: Record<number, StopEvent['reason']> = {
  [vir.stopped.shutdown]: 'shutdown',
  [vir.stopped.destroyed]: 'destroyed',
  [vir.stopped.crashed]: 'crashed',
};

const ioReasons: Record<string, string> = {
  enospc: 'the host disk is full',
  eio: "the host reported an error on the guest's disk",
  eperm: "the host denied access to the guest's disk",
};

/** Why a paused guest will not go on, or null when somebody may have paused it on purpose. */
function pauseReason(reason: number, ioError: string | null, type: string | undefined) {
  if (reason === vir.pausedReason.ioError) {
    return ioReasons[ioError ?? ''] ?? "the guest's disk had an I/O error";
  }
  if (reason === vir.pausedReason.unknown) {
    return type === 'kvm'
      ? 'KVM stopped the guest with an internal error; [libvirt] type = qemu in oz.cfg runs it without KVM'
      : 'the hypervisor stopped the guest with an internal error';
  }
  return null;
}

interface DomainDocument {
  domain?: { devices?: { interface?: { target?: { '@dev'?: string } }[] } };
}

export function makeGuest(parts: GuestParts): Guest {
  const { connection, context, spec, host, bridge, entry } = parts;
  const { uuid, name } = spec;
  const listeners = new Set<(event: StopEvent) => void>();
  const local = !readUri(host.uri).remote;
  const disks = diskTargets(spec).filter((target) => !target.startsWith('fd'));

  let running = false;
  let started = false;
  let gone = false;
  let ended: GuestState = 'stopped';
  let ioError: string | null = null;
  let lastXml = '';
  let last: Activity = { diskRequests: 0, networkBytes: bridge ? 0 : null };
  let nics: string[] | undefined;
  let port: number | undefined;
  let releaseLog = () => {};

  function finish(event: StopEvent, state: GuestState): void {
    if (!running) return;
    running = false;
    ended = state;
    context.log(`guest ${name}: ${event.reason}${event.detail ? ` (${event.detail})` : ''}`);
    for (const listener of [...listeners]) listener(event);
  }

  /** The domain is still there, but will not go on by itself. */
  async function onSuspended(): Promise<void> {
    try {
      const { reason } = await connection.call('look at the guest', 'domainState', [uuid]);
      const detail = pauseReason(reason, ioError, host.type);
      if (detail) finish({ reason: 'failed', detail }, 'paused');
    } catch (error) {
      if (!isGone(error)) context.log(`guest ${name}: ${messageOf(error)}`);
    }
  }

  function onEvent(event: DomainEvent): void {
    if (event.kind === 'io-error') {
      ioError = event.reason;
    } else if (event.kind === 'connection-lost') {
      finish({ reason: 'failed', detail: 'the connection to libvirt was lost' }, 'error');
    } else if (event.event === vir.event.stopped) {
      const reason = stops[event.detail] ?? 'failed';
      const detail = reason === 'failed' ? 'the emulator failed' : undefined;
      const state = { crashed: 'crashed', failed: 'error' } as const;
      finish({ reason, detail }, reason in state ? state[reason as keyof typeof state] : 'stopped');
    } else if (event.event === vir.event.crashed) {
      finish({ reason: 'crashed' }, 'crashed');
    } else if (event.event === vir.event.suspended) {
      void onSuspended();
    }
  }

  const unlisten = connection.onDomain(uuid, onEvent);

  /** Ends the domain; no error when there is none. */
  async function kill(): Promise<void> {
    try {
      await connection.call(`end guest ${name}`, 'destroyDomain', [uuid]);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  /** Waits until the run has ended, at most `ms`; says whether it has. */
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

  /** A domain that is gone without its event having come. */
  async function missed(): Promise<void> {
    if (!(await awaitEnd(eventLag))) {
      finish(
        { reason: 'failed', detail: 'the guest is gone, and libvirt did not tell why' },
        'error',
      );
    }
  }

  async function nicTargets(signal?: AbortSignal): Promise<string[]> {
    if (!nics) {
      const xml = await connection.call('look at the guest', 'domainXml', [uuid], { signal });
      nics = (parseXml<DomainDocument>(xml).domain?.devices?.interface ?? []).flatMap(
        (nic) => nic.target?.['@dev'] ?? [],
      );
    }
    return nics;
  }

  /** What the guest itself says on its console. */
  async function announcedAddress(): Promise<string | null> {
    if (!local || !spec.consoleLog) return null;
    const log = await readConsoleLog(spec.consoleLog, announcementTail);
    return log && announced(log.tail, uuid);
  }

  /** `use`'s result, or `otherwise` for a guest that isn't running (any more). */
  async function whileRunning<T>(use: () => Promise<T>, otherwise: T): Promise<T> {
    if (!running) return otherwise;
    try {
      return await use();
    } catch (error) {
      if (isGone(error)) return otherwise;
      throw error;
    }
  }

  return {
    name,
    async start({ boot, signal }: { boot?: Boot; signal?: AbortSignal | undefined } = {}) {
      signal?.throwIfAborted();
      if (gone) throw new Error(`guest ${name} was destroyed`);
      if (running) throw new Error(`guest ${name} runs already`);
      // After a stop that left the domain there (paused by an I/O error).
      if (started) await kill();
      if (local && spec.consoleLog !== '') {
        await prepareConsoleLog(spec.consoleLog);
        if (readUri(host.uri).driver === 'qemu') {
          releaseLog();
          releaseLog = await holdLogDaemon(signal);
        }
      }
      lastXml = domainXml(spec, host, boot);
      context.log(`domain XML of ${name}:\n${lastXml}`);
      context.ledger.add(entry);
      ioError = null;
      nics = undefined;
      port = undefined;
      last = { diskRequests: 0, networkBytes: bridge ? 0 : null };
      // Before the domain is made: its end may be told before the call returns.
      running = true;
      started = true;
      try {
        await connection.call(`start guest ${name}`, 'createDomain', [lastXml]);
      } catch (error) {
        running = false;
        // Without an answer of libvirt's it may run all the same.
        if (libvirtCode(error) !== undefined && !isDisconnected(error)) context.ledger.drop(entry);
        throw error;
      }
      if (signal?.aborted) {
        await kill();
        throw signal.reason;
      }
    },

    async state(options) {
      if (gone) return 'gone';
      if (!running) return ended;
      try {
        const { state } = await connection.call(
          'look at the guest',
          'domainState',
          [uuid],
          options,
        );
        return states[state] ?? 'error';
      } catch (error) {
        if (isDisconnected(error)) {
          finish({ reason: 'failed', detail: 'the connection to libvirt was lost' }, 'error');
        } else if (isGone(error)) {
          await missed();
        } else {
          throw error;
        }
        return ended;
      }
    },

    onStop(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    async activity(options) {
      const signal = options?.signal;
      return whileRunning(async () => {
        const action = "read the guest's activity";
        const counted = await connection.call(action, 'diskCounters', [uuid, disks], { signal });
        const networkBytes = bridge
          ? await connection.call(action, 'networkBytes', [uuid, await nicTargets(signal)], {
              signal,
            })
          : null;
        last = { diskRequests: counted.requests, networkBytes, bytesWritten: counted.written };
        return last;
      }, last);
    },

    async console(options) {
      options?.signal?.throwIfAborted();
      if (!local || !spec.consoleLog) return null;
      return readConsoleLog(spec.consoleLog, options?.tailBytes ?? 65536);
    },

    async screenshot(options) {
      if (!started || gone || spec.hardware.video === 'none') return null;
      try {
        const { mime, data } = await connection.call(
          'take a screenshot',
          'screenshot',
          [uuid],
          options,
        );
        return mime === 'image/png' ? Buffer.from(data) : ppmToPng(Buffer.from(data));
      } catch (error) {
        if (isGone(error)) return null;
        throw error;
      }
    },

    async sendKeys(codes, options) {
      await connection.call('press keys', 'sendKeys', [uuid, [...codes]], options);
    },

    async address(options) {
      const signal = options?.signal;
      return whileRunning(async () => {
        if (!bridge) {
          port ??= await forwardSsh(connection, uuid, signal);
          return { host: '127.0.0.1', port };
        }
        const host =
          (await guestAddress(connection, bridge, uuid, macOf(spec), signal)) ??
          (await announcedAddress());
        return host === null ? null : { host, port: 22 };
      }, null);
    },

    async watch(options) {
      const consoleLog = local && spec.consoleLog !== '' ? spec.consoleLog : undefined;
      return whileRunning(
        async () => {
          const xml = await connection.call('look at the guest', 'domainXml', [uuid], options);
          return { consoleLog, ...waysToLook(xml, host.uri, name) };
        },
        { consoleLog, commands: [] },
      );
    },

    async describe(options) {
      const file = 'domain.xml';
      if (!started || gone) return { file, text: lastXml || domainXml(spec, host) };
      try {
        const text = await connection.call('look at the guest', 'domainXml', [uuid], options);
        return { file, text };
      } catch (error) {
        if (options?.signal?.aborted) throw error;
        return { file, text: lastXml };
      }
    },

    async stop({ graceMs, signal }) {
      if (!running) return;
      const end = performance.now() + graceMs;
      while (performance.now() < end) {
        try {
          await connection.call(`shut down guest ${name}`, 'shutdownDomain', [uuid], { signal });
        } catch (error) {
          if (signal?.aborted) throw error;
          if (isGone(error)) break;
          context.log(messageOf(error)); // it is ended below
        }
        if (await awaitEnd(Math.max(0, Math.min(askAgain, end - performance.now())), signal))
          return;
      }
      await kill();
      await awaitEnd(eventLag, signal);
    },

    // No signal here: what was made is removed even when everything else is given up.
    async destroy() {
      if (gone) return;
      if (started) {
        await kill();
        await awaitEnd(eventLag);
        finish({ reason: 'destroyed' }, 'stopped');
        if (local && spec.hardware.firmware === 'efi') await rm(nvramPath(spec), { force: true });
      }
      gone = true;
      unlisten();
      releaseLog();
      context.ledger.drop(entry);
      parts.onDestroyed();
    },

    async takeDisk() {
      return spec.disk;
    },

    async exportDisk(target, format, options) {
      if (running) {
        throw new OzError('OZ_GUEST_RUNNING', `Cannot export the disk of ${name}: it runs`);
      }
      await parts.storage.exportDisk(spec.disk, target, format, options);
    },
  };
}
