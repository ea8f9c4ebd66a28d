/** The stand-in's Debian with sysvinit in systemd's place: what older systems are like. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../../../src/base/run-tool.ts';
import { packTree, type RootfsOptions, removeUnneeded } from './rootfs.ts';

const packages = ['sysvinit-core', 'sysv-rc', 'initscripts', 'orphan-sysvinit-scripts'];
/** With a minus apt takes them away, in the same step: one of the two must be there. */
const replaced = ['systemd-sysv-', 'systemd-'];

/** Makes rootfs-sysvinit.tar of a directory that makeRootfs has made. Root; about a minute. */
export async function makeSysvinitRootfs(
  from: string,
  { mirror, suite, out, signal }: RootfsOptions,
): Promise<void> {
  const tree = path.join(out, 'tree');
  const env = { DEBIAN_FRONTEND: 'noninteractive', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
  const inside = (...command: string[]) => runTool('chroot', [tree, ...command], { env, signal });
  await mkdir(out, { recursive: true });
  await runTool('cp', ['-a', path.join(from, 'tree'), tree], { signal });
  await writeFile(path.join(tree, 'etc/apt/sources.list'), `deb ${mirror} ${suite} main\n`);
  await inside('apt-get', '-q', 'update');
  await inside(
    ...['apt-get', '-q', '-y', '--no-install-recommends', '--allow-remove-essential'],
    ...['install', ...packages, ...replaced],
  );
  // Scripts that were there before those they need have no place in the order yet.
  await inside('insserv');
  await removeUnneeded(tree);
  await packTree(tree, path.join(out, 'rootfs-sysvinit.tar'), signal);
  await rm(tree, { recursive: true, force: true });
}
