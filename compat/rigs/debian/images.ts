/** The installer's ISO images and the list of checksums. */
import { appendFile, cp, readdir, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../../../src/base/run-tool.ts';
import { makeBootIso, unpackBootLoaders } from '../lib/boot-iso.ts';
import { packInitrd } from '../lib/cpio.ts';
import { copyFileTo, filesBelow, sha256, writeFileTo } from '../lib/files.ts';
import type { Build, InstallerTree } from './build.ts';
import type { KernelModules } from './kernel-udebs.ts';
import { cdHook, cdUdebs } from './tables.ts';

/** The netboot initrd, and after it what reads a CD. */
async function makeCdInitrd(
  build: Build,
  tree: InstallerTree,
  kernel: KernelModules,
): Promise<string> {
  const version = tree.kernelVersion;
  const added = path.join(build.scratch, 'cd');
  const modules = path.join(added, 'usr/lib/modules', version);
  for (const name of cdUdebs) {
    for (const module of kernel.contents.get(name) ?? []) {
      for (const top of [modules, tree.modules]) {
        await copyFileTo(path.join(kernel.directory, module), path.join(top, module));
      }
    }
  }
  const builtin = 'modules.builtin.modinfo';
  await copyFileTo(path.join(kernel.directory, builtin), path.join(tree.modules, builtin));
  // depmod over what the initrd has and what is added.
  await runTool('depmod', ['-b', tree.modules.replace(/\/lib\/modules\/.*/, ''), version], {
    signal: build.signal,
  });
  for (const name of await readdir(tree.modules)) {
    if (name.startsWith('modules.')) {
      await copyFileTo(path.join(tree.modules, name), path.join(modules, name));
    }
  }
  const hook = path.join(added, 'usr/lib/debian-installer-startup.d/S25mount-cdrom');
  await writeFileTo(hook, cdHook, 0o755);
  const out = path.join(build.scratch, 'cd-initrd.gz');
  await cp(tree.initrd, out);
  await appendFile(out, await packInitrd(added, build.signal));
  return out;
}

/** The small netboot ISO in the tree, and a netinst-like one in /iso. */
export async function makeImages(build: Build, tree: InstallerTree, kernel: KernelModules) {
  const { version, options } = build.archive;
  const loaders = path.join(build.scratch, 'boot');
  await unpackBootLoaders(build.archive, loaders);
  const title = options.suite.charAt(0).toUpperCase() + options.suite.slice(1);
  const info = `Debian GNU/Linux ${version} "${title}" - ozma rig amd64 NETINST\n`;
  await makeBootIso(
    {
      out: path.join(tree.images, 'netboot/mini.iso'),
      label: `Debian ${version} amd64 mini`,
      info,
      isolinux: '',
      kernel: { from: tree.kernel, at: '/linux' },
      initrd: { from: tree.initrd, at: '/initrd.gz' },
    },
    loaders,
    build.scratch,
    build.signal,
  );
  const name = `debian-${version}-amd64-netinst.iso`;
  await makeBootIso(
    {
      out: path.join(build.out, 'iso', name),
      label: `Debian ${version} amd64 n`,
      info,
      isolinux: 'isolinux',
      kernel: { from: tree.kernel, at: '/install.amd/vmlinuz' },
      initrd: { from: await makeCdInitrd(build, tree, kernel), at: '/install.amd/initrd.gz' },
    },
    loaders,
    build.scratch,
    build.signal,
  );
  await symlink(name, path.join(build.out, 'iso/debian-13-netinst.iso'));
  await writeFileTo(
    path.join(build.out, 'iso/SHA256SUMS'),
    `${await sha256(path.join(build.out, 'iso', name))}  debian-13-netinst.iso\n`,
  );
  await writeChecksums(tree.images);
}

/** SHA256SUMS as Debian has it beside the images. */
async function writeChecksums(images: string): Promise<void> {
  const lines: string[] = [];
  for (const file of await filesBelow(images)) {
    const name = path.join(images, file);
    if ((await stat(name)).isFile()) lines.push(`${await sha256(name)}  ./${file}\n`);
  }
  await writeFileTo(path.join(images, 'SHA256SUMS'), lines.join(''));
}
