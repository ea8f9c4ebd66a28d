/** The system that the stand-in unpacks: a small Debian made by debootstrap (as root). */
import { appendFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { OzError } from '../../../src/base/errors.ts';
import { runTool } from '../../../src/base/run-tool.ts';
import { writeFileTo } from '../lib/files.ts';

export interface RootfsOptions {
  /** URL of the archive; every package comes from there. */
  mirror: string;
  suite: string;
  /** Directory that is to hold tree/ and rootfs.tar. */
  out: string;
  signal?: AbortSignal | undefined;
}

/** What the real installation has too, as far as tests can see. */
const packages = [
  ...['systemd-sysv', 'udev', 'kmod', 'ifupdown', 'dhcpcd-base', 'iproute2', 'netbase', 'cron'],
  ...['procps', 'less', 'e2fsprogs', 'fdisk', 'openssh-server', 'ca-certificates'],
  ...['initramfs-tools', 'zstd', 'linux-image-cloud-amd64', 'grub-pc-bin', 'grub2-common'],
];

/** Drivers to start with, whatever the virtual hardware. */
const bootModules = [
  'virtio_blk',
  'virtio_pci',
  'virtio_scsi',
  'sd_mod',
  'ahci',
  'ata_piix',
  'ext4',
];

/** Left out for speed: the installer under emulation unpacks every byte and file. */
const unneeded = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'usr/share/info',
  'usr/share/lintian',
  'usr/share/bug',
  'usr/share/grub',
  'usr/lib/grub/i386-pc',
  'var/cache/apt',
  'var/lib/apt/lists',
  'var/log',
  'var/cache/debconf',
];

/** Units that only cost time under emulation. */
const masked = [
  ...['apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer', 'fstrim.timer'],
  ...['e2scrub_all.timer', 'e2scrub_reap.service', 'grub-common.service', 'getty-static.service'],
  ...['dev-hugepages.mount', 'dev-mqueue.mount', 'sys-kernel-debug.mount'],
  'sys-kernel-tracing.mount',
];

/** Drivers that udev would load for an emulated processor, for nothing. */
const unused = ['kvm_amd', 'kvm_intel', 'kvm', 'powernow_k8', 'acpi_cpufreq', 'psmouse'];

async function configure(tree: string): Promise<void> {
  const at = (name: string) => path.join(tree, name);
  await writeFileTo(at('etc/initramfs-tools/conf.d/standin'), 'MODULES=list\nCOMPRESS=zstd\n');
  await writeFileTo(at('etc/initramfs-tools/modules'), `${bootModules.join('\n')}\n`);
  await writeFileTo(at('etc/dpkg/dpkg.cfg.d/standin'), 'force-unsafe-io\n');
  await writeFileTo(
    at('etc/modprobe.d/standin.conf'),
    unused.map((name) => `blacklist ${name}\n`).join(''),
  );
  // No waiting for other machines that might have the address.
  await appendFile(at('etc/dhcpcd.conf'), '\nnoarp\nipv4only\n');
  for (const unit of masked) {
    await runTool('ln', ['-sf', '/dev/null', at(`etc/systemd/system/${unit}`)]);
  }
}

const env = { DEBIAN_FRONTEND: 'noninteractive', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

/** Runs commands in the tree, as root and without questions. */
export const chrootInto =
  (tree: string, signal?: AbortSignal) =>
  (...command: string[]) =>
    runTool('chroot', [tree, ...command], { env, signal });

/** Makes tree/ and rootfs.tar; about a minute. Throws OZ_RIG_ROOT without root's rights. */
export async function makeRootfs({ mirror, suite, out, signal }: RootfsOptions): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new OzError('OZ_RIG_ROOT', 'Cannot make the stand-in installer: debootstrap needs root', {
      hint: 'run it once as root: npx tsx compat/rigs/standin/rig.ts prepare',
    });
  }
  const tree = path.join(out, 'tree');
  const inside = chrootInto(tree, signal);
  await mkdir(tree, { recursive: true });
  await runTool(
    'debootstrap',
    ['--variant=minbase', `--include=${packages.join(',')}`, suite, tree, mirror],
    { env, signal },
  );
  await configure(tree);
  await inside('update-initramfs', '-u', '-k', 'all');
  // The loader's core, as grub-install would make it for a disk with an MBR and ext4.
  await inside(
    'grub-mkimage',
    ...['-O', 'i386-pc', '-o', '/core.img', '-p', '(hd0,msdos1)/boot/grub'],
    ...['biosdisk', 'part_msdos', 'ext2', 'linux', 'normal', 'echo', 'test', 'boot'],
  );
  await runTool('mv', [path.join(tree, 'core.img'), path.join(out, 'core.img')]);
  await runTool('cp', [
    path.join(tree, 'usr/lib/grub/i386-pc/boot.img'),
    path.join(out, 'boot.img'),
  ]);
  await removeUnneeded(tree);
  for (const name of await readdir(path.join(tree, 'etc/ssh'))) {
    if (name.startsWith('ssh_host_')) await rm(path.join(tree, 'etc/ssh', name));
  }
  await packTree(tree, path.join(out, 'rootfs.tar'), signal);
}

/** Empties the directories that no test misses, and forgets the machine's id. */
export async function removeUnneeded(tree: string): Promise<void> {
  for (const name of unneeded) {
    await rm(path.join(tree, name), { recursive: true, force: true });
    await mkdir(path.join(tree, name), { recursive: true });
  }
  await writeFile(path.join(tree, 'etc/machine-id'), '');
}

export const packTree = (tree: string, tar: string, signal?: AbortSignal) =>
  runTool('tar', ['--numeric-owner', '-C', tree, '-cf', tar, '.'], { signal });
