/** Who makes an image, so that another run can tell whether its maker still lives. */
import os from 'node:os';
import { startTimeOf } from '../../src/base/process-identity.ts';

/** `host:pid:start` of this process. */
export function thisMaker(): string {
  return `${os.hostname()}:${process.pid}:${startTimeOf(process.pid) ?? ''}`;
}

/** Null: it ran on another machine, and can't be asked. */
export function isAlive(maker: string | undefined): boolean | null {
  const [, host, pid, started] = /^(.*):(\d+):(\d*)$/.exec(maker ?? '') ?? [];
  if (host !== os.hostname()) return null;
  return startTimeOf(Number(pid)) === started;
}
