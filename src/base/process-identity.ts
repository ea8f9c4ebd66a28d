/** Which process is which: a pid is used again, its start time is not. */
import { readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';

/**
 * Where this process's pids mean something: this boot of this machine, or one
 * container on it. Processes of other places can't be asked whether they live.
 */
export function pidSpace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${os.hostname()}/${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return os.hostname();
  }
}

/** States of what has ended, but nobody has asked how: in containers often nobody ever does. */
const ended = new Set(['Z', 'X', 'x']);

/**
 * The kernel's start time of a process; empty where the system does not tell
 * (no /proc); null when there is no such process, or it has ended.
 */
export function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before the last bracket may hold spaces and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ended.has(fields[0] ?? '') ? null : (fields[19] ?? '');
  } catch {
    try {
      process.kill(pid, 0);
      return '';
    } catch {
      return null;
    }
  }
}
