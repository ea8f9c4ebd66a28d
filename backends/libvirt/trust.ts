/** Whether this machine's QEMU can give a guest a TPM and secure boot. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { limits } from '../../src/base/limits.ts';
import { textWithinSync } from '../../src/base/read-bounded.ts';

/** What libvirt makes a TPM with; the last two come in a package of their own (swtpm-tools). */
const programs = ['swtpm', 'swtpm_setup', 'swtpm_ioctl'];
const directories = ['/usr/bin', '/usr/local/bin', '/bin', '/usr/sbin', '/usr/local/sbin'];

/** Where firmware is described (QEMU's docs/interop/firmware.json), for all users. */
const descriptors = [
  '/usr/share/qemu/firmware',
  '/usr/local/share/qemu/firmware',
  '/etc/qemu/firmware',
];

/** Whether it checks signatures on x86-64, with the vendors' keys in it. */
export function isSecure(descriptor: string): boolean {
  try {
    const { features, targets } = JSON.parse(descriptor) as {
      features?: string[];
      targets?: { architecture?: string }[];
    };
    const here = targets?.some(({ architecture }) => architecture === 'x86_64') ?? false;
    return here && ['secure-boot', 'enrolled-keys'].every((name) => features?.includes(name));
  } catch {
    return false; // what is no descriptor describes nothing
  }
}

function textsIn(dir: string): string[] {
  try {
    const names = readdirSync(dir).filter((name) => name.endsWith('.json'));
    return names.map((name) => textWithinSync(path.join(dir, name), limits.settings));
  } catch {
    return [];
  }
}

/** Of QEMU on this machine; another one is not asked. */
export function trustHere(): { tpm: boolean; secureBoot: boolean } {
  return {
    tpm: programs.every((name) => directories.some((dir) => existsSync(path.join(dir, name)))),
    secureBoot: descriptors.flatMap(textsIn).some(isSecure),
  };
}
