/** Begins a build in a box: it ends by itself, or by Ctrl-C once its guest is as far as wanted. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Box, BoxResult } from './box.ts';
import type { CellContext } from './cell.ts';
import { firstWrite } from './disks.ts';
import { processesNamed } from './processes.ts';

export interface Begun extends BoxResult {
  /** How it showed before Ctrl-C that the guest was as far: the name of its disk or process. */
  reached?: string | undefined;
}

/** Waits until a guest runs, and goes on running. */
async function guestRuns(box: Box, signal: AbortSignal): Promise<string> {
  for (let before = new Map<number, string>(); ; ) {
    signal.throwIfAborted();
    // What QEMU can is asked for by others, which end by themselves.
    const now = await processesNamed(box, /^qemu-system/);
    for (const [id, name] of now) if (before.has(id)) return name;
    before = now;
    await sleep(5000, undefined, { signal }).catch(() => {});
  }
}

const folders = ['/var/lib/libvirt/images', '/var/lib/oz'];

/** How far a guest is to get. */
export type Goal = 'runs' | 'writes';

/** Runs the line until it ends, or until the guest is there; then Ctrl-C ends it. */
export async function beginBuild(
  context: CellContext,
  box: Box,
  line: string,
  goal: Goal = 'writes',
): Promise<Begun> {
  const pidFile = path.join(box.home, 'build.pid');
  const found = new AbortController();
  const signal = AbortSignal.any([context.signal, found.signal]);
  const running = box.run(`echo $$ >${pidFile}; exec ${line}`);
  const reaching =
    goal === 'runs'
      ? guestRuns(box, signal)
      : firstWrite([box.home, ...folders].map(box.outside), signal);
  // When the build ends by itself, nobody waits for this any more.
  reaching.catch(() => {});
  const first = await Promise.race([running, reaching]).finally(() => found.abort());
  if (typeof first !== 'string') return first;
  await box.run(`kill -INT $(cat ${pidFile})`);
  return { ...(await running), reached: first };
}
