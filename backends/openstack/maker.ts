/** Who makes an image, so that another run can tell whether its maker still lives. */
import { pidSpace, startTimeOf } from '../../src/base/process-identity.ts';

/** `space:pid:start` of this process. */
export function thisMaker(): string {
  return `${pidSpace()}:${process.pid}:${startTimeOf(process.pid) ?? ''}`;
}

/** Null: it ran on another machine or in another container, and can't be asked. */
export function isAlive(maker: string | undefined): boolean | null {
  const [, space, pid, started] = /^(.*):(\d+):(\d*)$/.exec(maker ?? '') ?? [];
  if (space !== pidSpace()) return null;
  return startTimeOf(Number(pid)) === started;
}
