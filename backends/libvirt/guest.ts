/** One virtual machine: a transient domain for each run, nothing in between. */
import { rm } from 'node:fs/promises';
import { announced } from '../../src/base/announcement.ts';
import { messageOf, OzError } from '../../src/base/errors.ts';
import type { LedgerEntry } from '../../src/base/ledger-entry.ts';
import type { Activity, BackendContext, Boot, Guest, GuestSpec } from '../backend.ts';
import { parseXml } from './caps.ts';
import type { Connection } from './connection.ts';
import { prepareConsoleLog, readConsoleLog } from './console-log.ts';
import { type DomainHost, diskTargets, domainXml, macOf, nvramPath } from './domain-xml.ts';
import { isDisconnected, isGone, libvirtCode } from './failures.ts';
import { type Bridge, guestAddress } from './network.ts';
import { ppmToPng } from './png.ts';
import { holdLogDaemon } from './root-daemon.ts';
import { type Lags, watchRuns } from './run.ts';
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
  lags?: Lags | undefined;
}

/** How often a guest that doesn't react is asked again to shut down. */
const askAgain = 10_000;
/** Bytes of the console that are searched for an address; guests repeat it. */
const announcementTail = 65_536;
/** Milliseconds for libvirt to tell of an end that was forced. */
const eventLag = 2000;

interface DomainDocument {
  domain?: { devices?: { interface?: { target?: { '@dev'?: string } }[] } };
}

export function makeGuest(parts: GuestParts): Guest {
  const { connection, context, spec, host, bridge, entry } = parts;
  const { uuid, name } = spec;
  const local = !readUri(host.uri).remote;
  const disks = diskTargets(spec).filter((target) => !target.startsWith('fd'));

  const runs = watchRuns({ ...parts, uuid, name, type: host.type, log: context.log });
  let started = false;
  let gone = false;
  let lastXml = '';
  let last: Activity = { diskRequests: 0, networkBytes: bridge ? 0 : null };
  let nics: string[] | undefined;
  let port: number | undefined;
  let releaseLog = () => {};

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

  return {
    name,
    async start({ boot, signal }: { boot?: Boot; signal?: AbortSignal | undefined } = {}) {
      signal?.throwIfAborted();
      if (gone) throw new Error(`guest ${name} was destroyed`);
      if (runs.running()) throw new Error(`guest ${name} runs already`);
      // After a stop that left the domain there (paused by an I/O error).
      if (started) await runs.kill();
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
      nics = undefined;
      port = undefined;
      last = { diskRequests: 0, networkBytes: bridge ? 0 : null };
      runs.begin();
      started = true;
      try {
        await connection.call(`start guest ${name}`, 'createDomain', [lastXml]);
      } catch (error) {
        if (await runs.notMade(error)) return;
        // Without an answer of libvirt's it may run all the same.
        if (libvirtCode(error) !== undefined && !isDisconnected(error)) context.ledger.drop(entry);
        throw error;
      }
      if (signal?.aborted) {
        await runs.kill();
        throw signal.reason;
      }
    },

    async state(options) {
      return gone ? 'gone' : runs.state(options);
    },

    onStop: runs.onStop,

    async activity(options) {
      const signal = options?.signal;
      const read = async () => {
        const action = "read the guest's activity";
        const counted = await connection.call(action, 'diskCounters', [uuid, disks], { signal });
        const networkBytes = bridge
          ? await connection.call(action, 'networkBytes', [uuid, await nicTargets(signal)], {
              signal,
            })
          : null;
        last = { diskRequests: counted.requests, networkBytes, bytesWritten: counted.written };
      };
      await runs.whileRunning(read, undefined, signal);
      return last;
    },

    async console(options) {
      options?.signal?.throwIfAborted();
      if (!local || !spec.consoleLog) return null;
      return readConsoleLog(spec.consoleLog, options?.tailBytes ?? 65536);
    },

    async screenshot(options) {
      if (!started || gone || spec.hardware.video === 'none') return null;
      const signal = options?.signal;
      const take = async () => {
        const action = 'take a screenshot';
        const { mime, data } = await connection.call(action, 'screenshot', [uuid], options);
        return mime === 'image/png' ? Buffer.from(data) : ppmToPng(Buffer.from(data));
      };
      return runs.ifThere(take, null, signal);
    },

    async sendKeys(codes, options) {
      const press = () => connection.call('press keys', 'sendKeys', [uuid, [...codes]], options);
      await runs.whileRunning(press, undefined, options?.signal);
    },

    async address(options) {
      const signal = options?.signal;
      const find = async () => {
        if (!bridge) {
          port ??= await forwardSsh(connection, uuid, signal);
          return { host: '127.0.0.1', port };
        }
        const host =
          (await guestAddress(connection, bridge, uuid, macOf(spec), signal)) ??
          (await announcedAddress());
        return host === null ? null : { host, port: 22 };
      };
      return runs.whileRunning(find, null, signal);
    },

    async watch(options) {
      const consoleLog = local && spec.consoleLog !== '' ? spec.consoleLog : undefined;
      return runs.whileRunning(
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
      if (!runs.running()) return;
      const end = performance.now() + graceMs;
      while (performance.now() < end) {
        try {
          await connection.call(`shut down guest ${name}`, 'shutdownDomain', [uuid], { signal });
        } catch (error) {
          if (signal?.aborted) throw error;
          if (isGone(error)) break;
          context.log(messageOf(error)); // it is ended below
        }
        if (await runs.awaitEnd(Math.max(0, Math.min(askAgain, end - performance.now())), signal))
          return;
      }
      await runs.kill();
      await runs.awaitEnd(eventLag, signal);
    },

    // No signal here: what was made is removed even when everything else is given up.
    async destroy() {
      if (gone) return;
      if (started) {
        await runs.kill();
        await runs.awaitEnd(eventLag);
        runs.finish({ reason: 'destroyed' });
        if (local && spec.hardware.firmware === 'efi') await rm(nvramPath(spec), { force: true });
      }
      gone = true;
      runs.close();
      releaseLog();
      context.ledger.drop(entry);
      parts.onDestroyed();
    },

    async takeDisk() {
      return spec.disk;
    },

    async exportDisk(target, format, options) {
      if (runs.running()) {
        throw new OzError('OZ_GUEST_RUNNING', `Cannot export the disk of ${name}: it runs`);
      }
      await parts.storage.exportDisk(spec.disk, target, format, options);
    },
  };
}
