/** Whether files can be made in a directory that need not be there yet; nothing is made. */
import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from './errors.ts';
import { whyOf } from './system-errors.ts';

export interface Obstacle {
  why: string;
  /** Nobody could make one there, whatever the rights. */
  never: boolean;
}

/** File systems that show what the kernel knows, by the magic number of each (linux/magic.h). */
const kernelsOwn: Readonly<Record<number, string>> = {
  40864: 'proc',
  1650812274: 'sysfs',
  1667723888: 'cgroup2',
  2613483: 'cgroup',
  1684170528: 'debugfs',
  1953653091: 'tracefs',
  1935894131: 'securityfs',
  7377: 'devpts',
  427819522: 'mqueue',
  4185718668: 'selinuxfs',
};

/** What keeps files from being made there; null: nothing that can be seen beforehand. */
export async function obstacleIn(dir: string): Promise<Obstacle | null> {
  let there = path.resolve(dir);
  try {
    while (true) {
      const found = await stat(there).catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT' && there !== '/') return null;
        throw error;
      });
      if (found && !found.isDirectory()) return { why: `${there} is not a directory`, never: true };
      if (found) break;
      there = path.dirname(there);
    }
    const system = kernelsOwn[(await statfs(there)).type];
    if (system) return { why: `${there} is the kernel's own (${system})`, never: true };
    await access(there, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    const never = !['EACCES', 'EPERM'].includes(codeOf(error) ?? '');
    return { why: `${whyOf(error)} (${there})`, never };
  }
}
