/** dists/<suite>/main/installer-amd64, out of the installer's own Debian package. */
import { cp, mkdir, open, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { OzError } from '../../../src/base/errors.ts';
import { runTool } from '../../../src/base/run-tool.ts';
import { filesBelow } from '../lib/files.ts';
import { type Build, type InstallerTree, served } from './build.ts';

/** The version in a Linux image; its header says where the text is. */
async function kernelVersionOf(image: string): Promise<string> {
  const file = await open(image);
  try {
    const head = Buffer.alloc(0x10000);
    await file.read(head, 0, head.length, 0);
    const at = head.readUInt16LE(0x20e) + 0x200;
    return head.toString('latin1', at, at + 128).split(' ')[0] ?? '';
  } finally {
    await file.close();
  }
}

/** Lays out the tree and looks into its initrd. */
export async function makeInstallerTree(build: Build): Promise<InstallerTree> {
  const { archive, scratch, signal } = build;
  const name = `debian-installer-${archive.version.split('.')[0]}-netboot-amd64`;
  const unpacked = path.join(scratch, 'installer');
  await archive.unpack(name, unpacked);
  const all = path.join(unpacked, 'usr/lib/debian-installer/images');
  const release = (await readdir(all))[0];
  if (!release) throw new OzError('OZ_RIG_INSTALLER', `Cannot find an installer in ${name}`);
  const images = served(
    build,
    'dists',
    archive.options.suite,
    'main/installer-amd64/current/images',
  );
  await cp(path.join(all, release, 'amd64/text'), path.join(images, 'netboot'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  const boot = path.join(images, 'netboot/debian-installer/amd64');
  const kernel = path.join(boot, 'linux');
  const initrd = path.join(boot, 'initrd.gz');

  const inside = path.join(scratch, 'initrd');
  await mkdir(inside);
  await runTool('cpio', ['--quiet', '-idm', '*lib/modules/*', '*lib/dpkg/status'], {
    cwd: inside,
    input: gunzipSync(await readFile(initrd)),
    signal,
  });
  const found = await filesBelow(inside);
  const status = found.find((file) => file.endsWith('dpkg/status'));
  const kernelVersion = await kernelVersionOf(kernel);
  const module = found.find((file) => file.includes(`lib/modules/${kernelVersion}/`));
  if (!status || !module) {
    throw new OzError('OZ_RIG_INSTALLER', `Cannot use ${name}: its initrd is not as expected`);
  }
  const listed = await readFile(path.join(inside, status), 'utf8');
  const tree: InstallerTree = {
    images,
    kernel,
    initrd,
    kernelVersion,
    inside: new Set([...listed.matchAll(/^Package: (\S+)/gm)].map((line) => line[1] ?? '')),
    modules: path.join(inside, module.slice(0, module.indexOf(kernelVersion)), kernelVersion),
  };
  build.say(`kernel ${kernelVersion}, ${tree.inside.size} udebs inside`);
  return tree;
}
