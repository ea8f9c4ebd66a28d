/** The project at one commit, cloned into a box as its user would. */
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { OzError } from '../../src/base/errors.ts';
import { packageFile } from '../../src/base/package-root.ts';
import { runTool } from '../../src/base/run-tool.ts';
import { ordinaryUser } from './base.ts';
import type { Box } from './box.ts';
import { mustSucceed } from './cell.ts';

/** The clone is called as the README's reader would have it. */
const name = 'ozma';

// Whoever owns the working copy: it is only read.
const git = ['-c', 'safe.directory=*', '-c', 'advice.detachedHead=false'];

/** The full id of a commit of this working copy. Throws OZ_FRESH_COMMIT. */
export async function resolveCommit(given: string, signal: AbortSignal): Promise<string> {
  const args = ['-C', packageFile(), 'rev-parse', '--verify', '--quiet', `${given}^{commit}`];
  try {
    const { stdout } = await runTool('git', [...git, ...args], { signal });
    return stdout.toString().trim();
  } catch (error) {
    throw new OzError('OZ_FRESH_COMMIT', `Cannot clone ${given}: there is no such commit here`, {
      hint: 'name one that `git log` shows, or leave --commit out for HEAD',
      exitCode: 2,
      cause: error,
    });
  }
}

/** Whether tracked files differ from HEAD: they would not be what is tested. */
export async function isChanged(signal: AbortSignal): Promise<boolean> {
  const args = ['-C', packageFile(), 'status', '--porcelain', '--untracked-files=no'];
  const { stdout } = await runTool('git', [...git, ...args], { signal });
  return stdout.length > 0;
}

/** Clones into the home of the box's user; returns the clone's folder as the box sees it. */
export async function cloneInto(box: Box, commit: string, signal: AbortSignal): Promise<string> {
  const inside = path.join(box.home, name);
  // Not straight into the box: git would follow /proc/PID/root by its text, out of the box.
  const scratch = await mkdtemp(path.join(box.scratch, 'clone-'));
  const from = ['clone', '--quiet', '--no-hardlinks', packageFile(), scratch];
  await runTool('git', [...git, ...from], { signal });
  await runTool('git', [...git, '-C', scratch, 'checkout', '--quiet', '--detach', commit], {
    signal,
  });
  await runTool('cp', ['-r', scratch, box.outside(inside)], { signal });
  const owner = box.user === 'root' ? 'root' : ordinaryUser.name;
  const line = `chown -R ${owner}:${owner} ${inside} && chmod 755 ${inside}`;
  mustSucceed(line, await box.run(line, { as: 'root' }));
  return inside;
}
