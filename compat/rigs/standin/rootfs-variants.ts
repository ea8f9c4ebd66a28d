/** Systems that differ from the stand-in's Debian by a few packages. */
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../../../src/base/run-tool.ts';
import { chrootInto, packTree, type RootfsOptions, removeUnneeded } from './rootfs.ts';

export interface RootfsVariant {
  /** Name of the archive that is made. */
  tar: string;
  /** Arguments of `apt-get install`; a name with a minus behind it is taken away. */
  install: string[];
  /** Command to run in the tree afterwards. */
  afterwards?: string[];
}

/** With cloud-init, as Debian's installer would add it. */
export const withCloudInit: RootfsVariant = {
  tar: 'rootfs-cloud.tar',
  install: ['cloud-init'],
};

/** With sysvinit in systemd's place: what older systems are like. */
export const withSysvinit: RootfsVariant = {
  tar: 'rootfs-sysvinit.tar',
  install: [
    '--allow-remove-essential',
    ...['sysvinit-core', 'sysv-rc', 'initscripts', 'orphan-sysvinit-scripts'],
    // In the same step: one of the two must be there.
    ...['systemd-sysv-', 'systemd-'],
  ],
  // Scripts that were there before those they need have no place in the order yet.
  afterwards: ['insserv'],
};

/** Makes the variant's archive of a directory that makeRootfs has made. Root; about a minute. */
export async function makeRootfsVariant(
  { tar, install, afterwards }: RootfsVariant,
  from: string,
  { mirror, suite, out, signal }: RootfsOptions,
): Promise<void> {
  const tree = path.join(out, 'tree');
  const inside = chrootInto(tree, signal);
  await runTool('cp', ['-a', path.join(from, 'tree'), tree], { signal });
  await writeFile(path.join(tree, 'etc/apt/sources.list'), `deb ${mirror} ${suite} main\n`);
  await inside('apt-get', '-q', 'update');
  await inside('apt-get', '-q', '-y', '--no-install-recommends', 'install', ...install);
  if (afterwards) await inside(...afterwards);
  await removeUnneeded(tree);
  await packTree(tree, path.join(out, tar), signal);
  await rm(tree, { recursive: true, force: true });
}
