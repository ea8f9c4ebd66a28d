/** Begins a build in a box: it ends by itself, or by Ctrl-C once its guest runs. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Box, BoxResult } from './box.ts';
import type { CellContext } from './cell.ts';
import { processesNamed } from './processes.ts';

export interface Begun extends BoxResult {
  /** The guest's process, by its name, where it ran before Ctrl-C. */
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

/** Runs the line until it ends, or until the guest runs; then Ctrl-C ends it. */
export async function beginBuild(context: CellContext, box: Box, line: string): Promise<Begun> {
  const pidFile = path.join(box.home, 'build.pid');
  const found = new AbortController();
  const signal = AbortSignal.any([context.signal, found.signal]);
  const running = box.run(`echo $$ >${pidFile}; exec ${line}`);
  const reaching = guestRuns(box, signal);
  // When the build ends by itself, nobody waits for this any more.
  reaching.catch(() => {});
  const first = await Promise.race([running, reaching]).finally(() => found.abort());
  if (typeof first !== 'string') return first;
  await box.run(`kill -INT $(cat ${pidFile})`);
  return { ...(await running), reached: first };
}
