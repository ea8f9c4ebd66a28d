/**
 * A CD that tells on its console what hardware it finds, under BIOS and EFI and with Debian's
 * signed boot chain: the kernel of this machine, since the stand-in's knows neither floppies nor USB.
 */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { openRigArchive } from '../../../compat/rigs/debian/prepare.ts';
import { makeBootIso, unpackBootLoaders } from '../../../compat/rigs/lib/boot-iso.ts';
import { runTool } from '../../../src/base/run-tool.ts';
import { appendToInitrd } from '../../../src/media/initrd.ts';

const drivers = ['floppy', 'xhci-pci', 'ehci-pci', 'uhci-hcd', 'usb-storage', 'sd_mod'];

/** Shim carries Microsoft's signature, GRUB and the kernel Debian's. */
const signedLoaders = [
  { from: '/usr/lib/shim/shimx64.efi.signed', at: 'BOOTX64.EFI' },
  { from: '/usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed', at: 'grubx64.efi' },
];

/** What it reads of media: so many bytes from their start. */
export interface ProbeSizes {
  floppy: number;
  usb: number;
}

/**
 * Digests are of a medium's first bytes: a volume is longer than the file it was made of. It
 * stays on for a while, since Nova shows no console of a server that is off.
 */
const script = ({ floppy, usb }: ProbeSizes) => `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /bin
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
while read -r module; do insmod "/probe-modules/$module"; done </probe-modules/list
sleep 5
echo "probe: TPM version $(cat /sys/class/tpm/tpm0/tpm_version_major)"
[ -b /dev/fd0 ] && echo "probe: floppy $(dd if=/dev/fd0 bs=512 count=${floppy / 512} | sha256sum)"
for disk in /sys/block/sd*; do
  case $(readlink -f "$disk") in
    */usb*) echo "probe: usb $(head -c ${usb} "/dev/\${disk##*/}" | sha256sum)" ;;
  esac
done
echo "probe: waiting for a line"
head -n 1 </dev/tty1 >/line &
for second in $(seq 300); do
  [ -s /line ] && break
  sleep 1
done
echo "probe: line <$(cat /line)>"
sleep 300
poweroff -f
`;

/** The kernel modules and the order to load them in, for a directory of an initrd. */
async function moduleFiles(version: string): Promise<{ name: string; content: Buffer }[]> {
  const order: string[] = [];
  for (const driver of drivers) {
    const { stdout } = await runTool('modprobe', ['-S', version, '--show-depends', driver]);
    for (const [, file = ''] of stdout.toString('utf8').matchAll(/^insmod (\S+)/gm)) {
      if (!order.includes(file)) order.push(file);
    }
  }
  const files = order.map(async (file) => ({
    name: `probe-modules/${path.basename(file)}`,
    content: await readFile(file),
  }));
  const list = order.map((file) => `${path.basename(file)}\n`).join('');
  return [
    { name: 'probe-modules/list', content: Buffer.from(list) },
    ...(await Promise.all(files)),
  ];
}

/**
 * Writes the ISO into `dir`, returns its path. `initrd`: one with busybox in it.
 * Needs the packages linux-image-amd64, shim-signed and grub-efi-amd64-signed.
 */
export async function makeProbeIso(dir: string, initrd: string, sizes: ProbeSizes) {
  const version = (await readdir('/lib/modules')).sort().at(-1) ?? '';
  const at = (name: string) => path.join(dir, name);
  await appendToInitrd(initrd, at('probe-initrd'), [
    { name: 'probe', content: Buffer.from(script(sizes)), mode: 0o755 },
    ...(await moduleFiles(version)).map((file) => ({ ...file, mode: 0o644 })),
  ]);
  await mkdir(at('loaders'));
  await unpackBootLoaders(await openRigArchive({}), at('loaders'));
  const out = at('probe.iso');
  await makeBootIso(
    {
      out,
      label: 'PROBE',
      info: 'tells what hardware it finds\n',
      isolinux: 'isolinux',
      args: 'console=tty0 console=ttyS0 rdinit=/probe mitigations=off',
      kernel: { from: `/boot/vmlinuz-${version}`, at: '/probe/linux' },
      initrd: { from: at('probe-initrd'), at: '/probe/initrd' },
      efi: signedLoaders,
    },
    at('loaders'),
    dir,
  );
  return out;
}
