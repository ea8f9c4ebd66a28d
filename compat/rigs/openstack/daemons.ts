/** Starts services in the background, each as its user and with a pid file, and stops them. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, fchownSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OzError } from '../../../src/base/errors.ts';
import { runTool } from '../../../src/base/run-tool.ts';
import type { Layout } from './layout.ts';

export interface Daemon {
  name: string;
  user: string;
  command: readonly string[];
  env?: Record<string, string>;
}

export interface UserIds {
  uid: number;
  gid: number;
}

const searchPath = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Nothing of the caller's environment: proxies and Python paths would be in the way. */
export const cleanEnv = (more: Record<string, string> = {}) => ({
  PATH: searchPath,
  HOME: '/var/lib',
  LC_ALL: 'C.UTF-8',
  ...more,
});

export async function userIds(user: string): Promise<UserIds> {
  const id = async (flag: string) => Number((await runTool('id', [flag, user])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

export const asUser = (user: string, command: readonly string[]): string[] =>
  user === 'root'
    ? [...command]
    : ['setpriv', '--reuid', user, '--regid', user, '--init-groups', ...command];

const pidFile = ({ run }: Layout, name: string) => path.join(run, `${name}.pid`);
export const logFile = ({ log }: Layout, name: string) => path.join(log, `${name}.log`);

interface ProcessStat {
  /** Letter. */
  state: string;
  parent: number;
  /** Ticks since the machine's start. */
  born: string;
}

function processStat(pid: number): ProcessStat | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { state: fields[0] ?? '', parent: Number(fields[1]), born: fields[19] ?? '' };
  } catch {
    return null;
  }
}

/** Process id of a service that runs, or null; a pid alone may have gone to another process. */
export function runningPid(layout: Layout, name: string): number | null {
  const file = pidFile(layout, name);
  if (!existsSync(file)) return null;
  const [pid, born] = readFileSync(file, 'utf8').split(' ');
  return processStat(Number(pid))?.born === born ? Number(pid) : null;
}

export async function startDaemon(layout: Layout, daemon: Daemon): Promise<void> {
  const { name, user, command, env } = daemon;
  if (runningPid(layout, name) !== null) return;
  const log = openSync(logFile(layout, name), 'a');
  const { uid, gid } = await userIds(user);
  fchownSync(log, uid, gid);
  const [program = '', ...args] = asUser(user, command);
  const child = spawn(program, args, {
    cwd: '/',
    detached: true,
    env: cleanEnv(env),
    stdio: ['ignore', log, log],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  closeSync(log);
  child.unref();
  const born = processStat(child.pid ?? 0)?.born ?? '';
  await writeFile(pidFile(layout, name), `${child.pid} ${born}`);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

export const allPids = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Where nobody collects it, an ended process stays as a name. */
const hasEnded = (pid: number) => (processStat(pid)?.state ?? 'Z') === 'Z';

/** SIGTERM, and SIGKILL to what is still there after `graceMs`, its children too. */
export async function stopDaemon(layout: Layout, name: string, graceMs = 5000): Promise<void> {
  const pid = runningPid(layout, name);
  if (pid !== null) {
    const all = [pid, ...allPids().filter((each) => processStat(each)?.parent === pid)];
    signal(pid, 'SIGTERM');
    for (const end = Date.now() + graceMs; !hasEnded(pid) && Date.now() < end; ) await sleep(100);
    for (const each of all) signal(each, 'SIGKILL');
    while (!hasEnded(pid)) await sleep(50);
  }
  await rm(pidFile(layout, name), { force: true });
}

/** SIGKILL at once, as a crash would end it. */
export async function killDaemon(layout: Layout, name: string): Promise<void> {
  await stopDaemon(layout, name, 0);
}

/** The end of a service's log, for a failure's message. */
export async function lastLines(layout: Layout, name: string): Promise<string> {
  const text = await readFile(logFile(layout, name), 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-15).join('\n');
}

/** Waits until `ready` says so; fails at once when the service has died. */
export async function waitFor(
  layout: Layout,
  name: string,
  ready: () => Promise<boolean>,
  limitMs = 180_000,
): Promise<void> {
  for (const end = Date.now() + limitMs; ; ) {
    if (await ready()) return;
    const pid = runningPid(layout, name);
    const dead = pid === null || hasEnded(pid);
    if (dead || Date.now() > end) {
      const what = dead ? 'it has died' : `no answer within ${limitMs / 1000} s`;
      throw new OzError(
        'OZ_RIG_SERVICE',
        `Cannot start ${name}: ${what}\n${await lastLines(layout, name)}`,
        { hint: `see ${logFile(layout, name)}` },
      );
    }
    await sleep(250);
  }
}

/** Whether a URL answers with anything below 500. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
    await response.body?.cancel();
    return response.status < 500;
  } catch {
    return false;
  }
}
