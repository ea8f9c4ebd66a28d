/**
 * For users, libvirt starts a daemon of their own with the first connection to
 * qemu:///session; for root that URI means the system's daemon, and nobody
 * starts it. Here root gets one in the same way: started on demand, ending by
 * itself when it is idle. (libvirt's driver for embedding would need none, but
 * can't start guests from Node: libuv's fork handler closes its pipes.)
 */
import { mkdir } from 'node:fs/promises';
import { createConnection } from 'node:net';
import path from 'node:path';
import { delay } from '../../src/base/abort.ts';
import { startTool } from '../../src/base/start-tool.ts';
import { daemonFailure } from './daemon-words.ts';
import { findDaemon, findGuestDaemon } from './find-daemon.ts';
import { readUri } from './uri.ts';

/** Where system daemons listen; the second is the modular one. */
export const systemSockets = ['/run/libvirt/libvirt-sock', '/run/libvirt/virtqemud-sock'] as const;

const logSocket = '/run/libvirt/virtlogd-sock';

/** Seconds without clients and guests after which a daemon ends. */
const idle = 120;

/** Whether something listens there and lets us in. */
export function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection(socket);
    const done = (yes: boolean) => {
      probe.destroy();
      resolve(yes);
    };
    probe.setTimeout(1000, () => done(false));
    probe.on('connect', () => done(true));
    probe.on('error', () => done(false));
  });
}

async function anyAnswers(): Promise<boolean> {
  for (const socket of systemSockets) if (await answers(socket)) return true;
  return false;
}

/**
 * Starts a daemon in the background; when it returns it listens, or has failed. Where virtlogd
 * itself makes the directory of all sockets, it is root's alone, and QEMU, which is another
 * user, does not reach its TPM there.
 */
async function startDaemon(file: string): Promise<void> {
  await mkdir(path.dirname(logSocket), { recursive: true, mode: 0o755 }).catch(() => {});
  await new Promise<void>((resolve) => {
    const child = startTool(file, ['--daemon', `--timeout=${idle}`], {
      cwd: '/',
      stdio: 'ignore',
      bare: true,
    });
    child.on('error', () => resolve());
    // Another build may have started one in between: the sockets tell, not the exit code.
    child.on('close', () => resolve());
  });
}

/** Whether connecting to this URI needs a daemon that only ensureRootDaemon() starts. */
export function needsRootDaemon(uri: string): boolean {
  const { userNetworking, remote } = readUri(uri);
  return process.getuid?.() === 0 && userNetworking && !remote && !uri.includes('?');
}

/** A connection that lasts until it is released, and does not keep this process alive. */
function hold(socket: string): Promise<(() => void) | null> {
  return new Promise((resolve) => {
    const held = createConnection(socket);
    held.on('error', () => resolve(null));
    held.on('connect', () => {
      held.unref();
      resolve(() => held.destroy());
    });
  });
}

/**
 * The daemon of qemu:///system hands the guests' consoles to another one, which
 * only systemd starts, and which ends by itself when it has no clients, although
 * it is writing a guest's log. To be called before each start of a guest: starts
 * it where it does not run, and stays its client until the returned function is
 * called. Does nothing where it can do nothing.
 */
export async function holdLogDaemon(signal?: AbortSignal, socket = logSocket): Promise<() => void> {
  signal?.throwIfAborted();
  const nothing = () => {};
  if (!(await answers(socket))) {
    const logger = process.getuid?.() === 0 ? findDaemon('virtlogd') : null;
    if (!logger) return nothing;
    await startDaemon(logger);
  }
  return (await hold(socket)) ?? nothing;
}

/** Sees to it that a daemon answers root. Throws OZ_LIBVIRT_NO_DAEMON. */
export async function ensureRootDaemon(
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  if (await anyAnswers()) return;
  const daemon = findGuestDaemon();
  if (daemon) {
    log(`no libvirt daemon runs: starting ${daemon}, which ends after ${idle} s without work`);
    await startDaemon(daemon);
    for (let tries = 0; tries < 50; tries++) {
      if (await anyAnswers()) return;
      await delay(100, signal);
    }
  }
  throw await daemonFailure(daemon);
}
