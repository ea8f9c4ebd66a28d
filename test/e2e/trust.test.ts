/**
 * What Windows 11 asks for, given to a real guest: the hardware that is planned for it, started
 * with Debian's signed boot chain, which tells what it finds.
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Backend, StopEvent } from '../../backends/backend.ts';
import { openLibvirt } from '../../backends/libvirt/index.ts';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { startStandinRig } from '../../compat/rigs/standin/rig.ts';
import { download } from '../../src/media/download.ts';
import { appendToInitrd } from '../../src/media/initrd.ts';
import { plan } from '../../src/plan/plan.ts';
import { testCapabilities, testInput, testTdl } from '../fakes/inputs.ts';

const uri = 'qemu:///session';
/** What signs the certificates of a TPM; the package's directory. */
const authority = '/var/lib/swtpm-localca';

/** The initrd's first program; the kernel itself tells of secure boot. */
const init = `#!/bin/busybox sh
/bin/busybox mkdir -p /sys
/bin/busybox mount -t sysfs sysfs /sys
echo "TPM version: $(/bin/busybox cat /sys/class/tpm/tpm0/tpm_version_major)"
/bin/busybox poweroff -f
`;

const grub = `linux /linux console=ttyS0,115200 rdinit=/trust
initrd /initrd
boot
`;

let rig: Rig;
let dir: string;
let backend: Backend;
beforeAll(async () => {
  // A libvirtd from before the package's user made its files root's, which that user can't open.
  execFileSync('chown', ['-R', `--reference=${authority}`, authority]);
  rig = await startStandinRig();
  dir = await mkdtemp(path.join(os.tmpdir(), 'ozma-trust-'));
  await chmod(dir, 0o711);
  const none = { add: () => {}, drop: () => {}, has: () => false };
  backend = await openLibvirt({
    uri,
    type: 'qemu',
    cacheDir: path.join(dir, 'cache'),
    context: { ledger: none, log: () => {} },
  });
});
afterAll(async () => {
  await backend?.close();
  await rig?.close();
  await rm(dir, { recursive: true, force: true });
});

/** A FAT file system with the signed programs, as firmware looks for them. */
async function makeBootDisk(disk: string): Promise<void> {
  const at = (name: string) => path.join(dir, name);
  const images = `${rig.url}/dists/trixie/main/installer-amd64/current/images`;
  const netboot = `${images}/netboot/debian-installer/amd64`;
  await download(`${netboot}/linux`, at('linux'));
  await download(`${netboot}/initrd.gz`, at('initrd.gz'));
  const files = [{ name: 'trust', content: Buffer.from(init), mode: 0o755 }];
  await appendToInitrd(at('initrd.gz'), at('initrd'), files);
  await writeFile(at('grub.cfg'), grub);
  await copyFile('/usr/lib/shim/shimx64.efi.signed', at('BOOTX64.EFI'));
  await copyFile('/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed', at('grubx64.efi'));
  const mtools = (tool: string, ...args: string[]) => execFileSync(tool, ['-i', disk, ...args]);
  mtools('mformat', '-F', '::');
  mtools('mmd', '::EFI', '::EFI/BOOT', '::EFI/debian');
  mtools('mcopy', at('BOOTX64.EFI'), at('grubx64.efi'), '::EFI/BOOT');
  mtools('mcopy', at('grub.cfg'), '::EFI/debian');
  mtools('mcopy', at('linux'), at('initrd'), '::');
}

it('gives the guest a TPM 2 and secure boot', async () => {
  const { trust } = await backend.capabilities();
  expect(trust).toEqual({ tpm: true, secureBoot: true });
  const { hardware } = plan(
    testInput({
      tdl: testTdl({
        distro: 'Windows',
        version: '11',
        install: { type: 'iso', url: 'http://h/x', extras: [] },
      }),
      backend: { type: 'libvirt', capabilities: { ...testCapabilities, trust }, uri },
    }),
  );
  const disk = await backend.createDisk({
    path: path.join(dir, 'boot.raw'),
    format: 'raw',
    size: 256 * 2 ** 20,
  });
  await makeBootDisk(disk.ref);
  const consoleLog = path.join(dir, 'console.log');
  const guest = await backend.createGuest({
    name: `ozma-trust-${process.pid}`,
    uuid: randomUUID(),
    hardware: { ...hardware, memory: 1024 },
    boot: { kind: 'disk' },
    disk,
    media: [],
    purpose: 'install',
    consoleLog,
  });
  const stopped = new Promise<StopEvent>((resolve) => guest.onStop(resolve));
  try {
    await guest.start();
    expect((await stopped).reason).toBe('shutdown');
  } finally {
    await guest.destroy();
    const text = await readFile(consoleLog, 'utf8').catch(() => '');
    console.log(text.split('\n').slice(-8).join('\n'));
  }
  const text = await readFile(consoleLog, 'utf8');
  expect(text).toMatch(/TPM version: 2\r?\n/);
  expect(text).toContain('UEFI Secure Boot is enabled');
});
