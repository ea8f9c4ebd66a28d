/** Which process is which: a pid is used again, its start time is not. */
import { readFileSync } from 'node:fs';

/**
 * The kernel's start time of a process; empty where the system does not tell
 * (no /proc); null when there is no such process.
 */
export function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before the last bracket may hold spaces and brackets itself.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    try {
      process.kill(pid, 0);
      return '';
    } catch {
      return null;
    }
  }
}
