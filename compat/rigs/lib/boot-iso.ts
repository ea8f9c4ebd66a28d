/** Makes installer ISOs that start under BIOS and EFI, laid out like Debian's. */
import { mkdir, mkdtemp, open } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../../../src/base/run-tool.ts';
import type { Archive } from './archive.ts';
import { copyFileTo, writeFileTo } from './files.ts';

export interface BootIso {
  /** The ISO to write. */
  out: string;
  /** Volume id, such as "Debian 13.1.0 amd64 n". */
  label: string;
  /** Text of /.disk/info. */
  info: string;
  /** Directory of the boot loader on the ISO, `isolinux` or an empty string. */
  isolinux: string;
  kernel: { from: string; at: string };
  initrd: { from: string; at: string };
  /** Kernel arguments; absent: those of Debian's ISO. */
  args?: string;
  /** Loaders in the EFI system partition's \EFI\BOOT; absent: Debian's GRUB for CDs, unsigned. */
  efi?: { from: string; at: string }[] | undefined;
  /** Further files. */
  files?: { from: string; at: string }[];
}

/** Unpacks Debian's boot loaders into a directory, for makeBootIso. */
export async function unpackBootLoaders(archive: Archive, into: string): Promise<void> {
  for (const name of ['isolinux', 'syslinux-common', 'grub-efi-amd64-unsigned']) {
    await archive.unpack(name, into);
  }
}

/** Debian's GRUB for CDs: it looks for /.disk/info, then for /boot/grub there. */
const unsignedGrub = (loaders: string) => ({
  from: path.join(loaders, 'usr/lib/grub/x86_64-efi/monolithic/gcdx64.efi'),
  at: 'BOOTX64.EFI',
});

async function makeEfiImage(
  file: string,
  programs: { from: string; at: string }[],
  signal?: AbortSignal,
): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const image = await open(file, 'w');
  await image.truncate(8 << 20);
  await image.close();
  const env = { MTOOLS_SKIP_CHECK: '1' };
  await runTool('mformat', ['-i', file, '::'], { env, signal });
  await runTool('mmd', ['-i', file, '::/EFI', '::/EFI/BOOT'], { env, signal });
  for (const { from, at } of programs) {
    await runTool('mcopy', ['-i', file, from, `::/EFI/BOOT/${at}`], { env, signal });
  }
}

/** Makes one ISO; `scratch` is a directory for its tree, `loaders` from unpackBootLoaders. */
export async function makeBootIso(
  iso: BootIso,
  loaders: string,
  scratch: string,
  signal?: AbortSignal,
): Promise<void> {
  const top = await mkdtemp(path.join(scratch, 'iso-'));
  const at = (name: string) => path.join(top, name);
  for (const file of [iso.kernel, iso.initrd, ...(iso.files ?? [])]) {
    await copyFileTo(file.from, at(file.at));
  }
  const dir = iso.isolinux;
  const args = iso.args ?? '--- quiet';
  const bios = path.join(loaders, 'usr/lib');
  await writeFileTo(at('.disk/info'), iso.info);
  await copyFileTo(`${bios}/ISOLINUX/isolinux.bin`, at(path.join(dir, 'isolinux.bin')));
  await copyFileTo(`${bios}/syslinux/modules/bios/ldlinux.c32`, at(path.join(dir, 'ldlinux.c32')));
  await writeFileTo(
    at(path.join(dir, 'isolinux.cfg')),
    `default install\nprompt 1\ntimeout 50\nlabel install\n  kernel ${iso.kernel.at}\n  append initrd=${iso.initrd.at} ${args}\n`,
  );
  await writeFileTo(
    at('boot/grub/grub.cfg'),
    `set timeout=5\nmenuentry "Install" {\n  linux ${iso.kernel.at} ${args}\n  initrd ${iso.initrd.at}\n}\n`,
  );
  await makeEfiImage(at('boot/grub/efi.img'), iso.efi ?? [unsignedGrub(loaders)], signal);
  await mkdir(path.dirname(iso.out), { recursive: true });
  const prefix = dir ? `${dir}/` : '';
  await runTool(
    'xorriso',
    [
      ...['-as', 'mkisofs', '-quiet', '-r', '-J', '-V', iso.label, '-sysid', 'LINUX'],
      ...['-o', iso.out, '-isohybrid-mbr', `${bios}/ISOLINUX/isohdpfx.bin`],
      ...['-b', `${prefix}isolinux.bin`, '-c', `${prefix}boot.cat`],
      ...['-no-emul-boot', '-boot-load-size', '4', '-boot-info-table'],
      ...['-eltorito-alt-boot', '-e', 'boot/grub/efi.img', '-no-emul-boot'],
      ...['-isohybrid-gpt-basdat', top],
    ],
    { signal },
  );
}
