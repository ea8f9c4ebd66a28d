/** The bare system of a suite: minbase, git, sudo and an ordinary user; made once, then reused. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { OzError } from '../../src/base/errors.ts';
import { runTool } from '../../src/base/run-tool.ts';
import type { Host } from './host.ts';
import { withLock } from './lock.ts';

/** What stands on a stranger's machine beside Node, and what reaching an https mirror takes. */
const included = ['ca-certificates', 'git', 'sudo'];

/** The ordinary user, who may use sudo without a password. */
export const ordinaryUser = { name: 'user', uid: 1000 } as const;

async function debootstrap(
  suite: string,
  target: string,
  host: Host,
  signal: AbortSignal,
): Promise<void> {
  await rm(target, { recursive: true, force: true });
  const args = ['--variant=minbase', `--include=${included.join(',')}`, suite, target, host.mirror];
  try {
    await runTool('debootstrap', args, { signal });
  } catch (error) {
    if (error instanceof OzError && error.code === 'OZ_TOOL_FAILED') {
      throw new OzError('OZ_FRESH_BASE', `Cannot make a bare ${suite}: debootstrap failed`, {
        hint: `see ${target}/debootstrap/debootstrap.log; does ${host.mirror} have ${suite}?`,
        cause: error,
      });
    }
    throw error;
  }
  const { name, uid } = ordinaryUser;
  await runTool('chroot', [target, 'useradd', '-m', '-u', `${uid}`, '-s', '/bin/bash', name]);
  const sudoers = path.join(target, 'etc/sudoers.d/ordinary');
  await writeFile(sudoers, `${name} ALL=(ALL) NOPASSWD: ALL\n`);
  await chmod(sudoers, 0o440);
  // Every box asks for the lists itself, as a new machine does.
  await rm(path.join(target, 'var/cache/apt/archives'), { recursive: true, force: true });
}

/** The folder of a suite's base. Another process that makes the same is waited for. */
export async function makeBase(
  dir: string,
  suite: string,
  host: Host,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string> {
  // Named by what it was made of: another list of packages makes another base.
  const base = path.join(dir, `base-${suite}-${included.join('+')}`);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await withLock(`${base}.lock`, signal, async () => {
    // It gets its name when it is complete.
    if (existsSync(base)) return;
    say(`making a bare ${suite} from ${host.mirror}`);
    await debootstrap(suite, `${base}.part`, host, signal);
    await rename(`${base}.part`, base);
  });
  return base;
}
