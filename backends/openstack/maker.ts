/** Who makes an image, so that another run can tell whether its maker still lives. */
import { readFileSync } from 'node:fs';
import os from 'node:os';

/** The kernel's start time of a process: the same pid with another one is another process. */
function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    try {
      process.kill(pid, 0);
      return ''; // alive, on a system without /proc
    } catch {
      return null;
    }
  }
}

/** `host:pid:start` of this process. */
export function thisMaker(): string {
  return `${os.hostname()}:${process.pid}:${startTime(process.pid) ?? ''}`;
}

/** Null: it ran on another machine, and can't be asked. */
export function isAlive(maker: string | undefined): boolean | null {
  const [, host, pid, started] = /^(.*):(\d+):(\d*)$/.exec(maker ?? '') ?? [];
  if (host !== os.hostname()) return null;
  return startTime(Number(pid)) === started;
}
