/** The type of guest that a build would find here, as far as it shows without connecting to libvirt. */
import { access, constants, readFile } from 'node:fs/promises';
import path from 'node:path';
import { ownArch } from '../../src/base/own-arch.ts';
import { readNote } from '../../src/base/read-bounded.ts';
import type { Arch } from '../backend.ts';
import { readUri } from './uri.ts';

export interface LikelyOptions {
  uri: string;
  arch: Arch;
  cacheDir: string;
  /** For tests. */
  device?: string;
}

/** Whether KVM was tried since this machine started, and ran no guest. See kvm-probe.ts. */
async function hasFailed(uri: string, cacheDir: string): Promise<boolean> {
  try {
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    const kept = (await readNote(path.join(cacheDir, 'kvm-probe.json'))) as Record<string, unknown>;
    const [when, , user, where] = String(kept.key).split(' ');
    const here = when === boot && user === `${process.getuid?.()}` && where === uri.split('?')[0];
    // Also where the next build asks again: nothing says that it will find another answer.
    return here && kept.works === false;
  } catch {
    return false; // never tried
  }
}

/**
 * `qemu` where KVM can't be used, undefined where it may or where nobody here can tell. The build
 * itself asks libvirt, and tries KVM.
 */
export async function likelyType(options: LikelyOptions): Promise<'qemu' | undefined> {
  const { uri, arch, cacheDir, device = '/dev/kvm' } = options;
  const { driver, remote, userNetworking } = readUri(uri);
  if (driver !== 'qemu' || remote) return undefined;
  const own = ownArch();
  if (arch !== own && !(arch === 'i386' && own === 'x86_64')) return 'qemu';
  // In a session QEMU runs as the user; else as one whose rights are not this process' to ask for.
  const needed = userNetworking ? constants.R_OK | constants.W_OK : constants.F_OK;
  const usable = await access(device, needed).then(
    () => true,
    () => false,
  );
  return !usable || (await hasFailed(uri, cacheDir)) ? 'qemu' : undefined;
}
