/** The stand-in's initrd: busybox, sfdisk, mke2fs, drivers, GRUB's images, the init script. */
import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../../../src/base/run-tool.ts';
import type { Archive } from '../lib/archive.ts';
import { packInitrd } from '../lib/cpio.ts';
import { copyFileTo, writeFileTo } from '../lib/files.ts';

/** Drivers in the order they are needed; what they need comes before them, what is built in is left out. */
const drivers = [
  ...['virtio_blk', 'virtio_scsi', 'virtio_net', 'af_packet'],
  ...['sd_mod', 'ahci', 'ata_piix', 'sr_mod', 'isofs', 'ext4'],
];

/** Programs of the installed system, with the libraries they need. */
const programs = ['usr/sbin/sfdisk', 'usr/sbin/mke2fs', 'usr/sbin/blkid'];

/** Copies the drivers, unpacked, and writes the order to load them in. */
async function addDrivers(rootfs: string, top: string, kernel: string): Promise<void> {
  const modules = path.join(rootfs, 'tree/usr/lib/modules', kernel);
  const lines = (await readFile(path.join(modules, 'modules.dep'), 'utf8')).trim().split('\n');
  const needs = new Map(
    lines.map((line): [string, string[]] => {
      const [file = '', rest = ''] = line.split(':');
      return [file, rest.split(' ').filter(Boolean)];
    }),
  );
  const fileOf = new Map(
    [...needs.keys()].map((file) => [
      path
        .basename(file)
        .replace(/\.ko.*/, '')
        .replaceAll('-', '_'),
      file,
    ]),
  );
  const order: string[] = [];
  for (const driver of drivers) {
    const file = fileOf.get(driver);
    if (!file) continue;
    // modules.dep names the nearest need first.
    for (const each of [...(needs.get(file) ?? []).reverse(), file]) {
      if (!order.includes(each)) order.push(each);
    }
  }
  await mkdir(path.join(top, 'modules'), { recursive: true });
  const names: string[] = [];
  for (const file of order) {
    const name = path.basename(file).replace(/\.xz$/, '');
    const from = path.join(modules, file);
    const plain = file.endsWith('.xz')
      ? (await runTool('xz', ['-dc', from], { most: Infinity })).stdout
      : await readFile(from);
    await writeFile(path.join(top, 'modules', name), plain);
    names.push(name);
  }
  await writeFile(path.join(top, 'modules/list'), `${names.join('\n')}\n`);
}

/** Copies the programs and what ldd says they need. */
async function addPrograms(rootfs: string, top: string): Promise<void> {
  const tree = path.join(rootfs, 'tree');
  for (const program of programs) {
    const { stdout } = await runTool('chroot', [tree, 'ldd', `/${program}`]);
    const libraries = stdout.toString('utf8').match(/\/\S*\/\S+\.so\S*/g) ?? [];
    for (const name of libraries) {
      // /lib is a link in the tree; following it gives the file itself.
      const at = path.join(top, name);
      await mkdir(path.dirname(at), { recursive: true });
      await copyFile(path.join(tree, 'usr', name.replace(/^\/usr/, '')), at);
    }
    await copyFileTo(path.join(tree, program), path.join(top, program));
  }
}

/** Name of the kernel in a rootfs directory, such as 6.12.48+deb13-cloud-amd64. */
export async function kernelOf(rootfs: string): Promise<string> {
  const names = await readdir(path.join(rootfs, 'tree/usr/lib/modules'));
  return names.sort().at(-1) ?? '';
}

/** Returns the initrd, gzipped. `rootfs` is what makeRootfs made. */
export async function makeInitrd(
  archive: Archive,
  rootfs: string,
  scratch: string,
  signal?: AbortSignal,
): Promise<Buffer> {
  const top = path.join(scratch, 'initrd');
  const busybox = path.join(scratch, 'busybox');
  await archive.unpack('busybox-static', busybox);
  await copyFileTo(path.join(busybox, 'usr/bin/busybox'), path.join(top, 'bin/busybox'));
  await runTool('ln', ['-s', 'busybox', path.join(top, 'bin/sh')]);
  await addDrivers(rootfs, top, await kernelOf(rootfs));
  await addPrograms(rootfs, top);
  for (const image of ['boot.img', 'core.img']) {
    await copyFileTo(path.join(rootfs, image), path.join(top, 'grub', image));
  }
  // For standin.wrongkey: a key whose other half nobody has.
  const key = path.join(scratch, 'another-key');
  await runTool('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'nobody', '-f', key]);
  await copyFileTo(`${key}.pub`, path.join(top, 'another-key.pub'));
  await writeFileTo(
    path.join(top, 'init'),
    await readFile(path.join(import.meta.dirname, 'init')),
    0o755,
  );
  await chmod(path.join(top, 'init'), 0o755);
  return packInitrd(top, signal);
}
