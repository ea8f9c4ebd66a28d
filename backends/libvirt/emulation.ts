/** What QEMU's own processor can do, where there is no KVM. */
import { OzError } from '../../src/base/errors.ts';
import type { Hardware } from '../backend.ts';

/** libvirt's number. QEMU's helper for cmpxchg16b left wrong flags; 8.0 generates code instead. */
const firstWithCx16 = 8_000_000;

/** `version` is of the hypervisor, as libvirt tells it; undefined: not known. */
export function emulatesCx16(version: number | undefined): boolean {
  return version !== undefined && version >= firstWithCx16;
}

/** Throws `OZ_HARDWARE_UNSUPPORTED` for a system that QEMU can't emulate the processor of. */
export function checkEmulation(
  { cx16 }: Hardware,
  type: string,
  version: number | undefined,
  uri: string,
): void {
  if (!cx16 || type !== 'qemu' || version === undefined || emulatesCx16(version)) return;
  const words = `${Math.floor(version / 1_000_000)}.${Math.floor(version / 1000) % 1000}`;
  throw new OzError(
    'OZ_HARDWARE_UNSUPPORTED',
    `Cannot run this system without KVM on ${uri}: it needs the instruction cmpxchg16b (x86-64-v2), which QEMU ${words} emulates wrongly`,
    { hint: 'use a host with KVM, QEMU 8.0 or later, or [backend] type = openstack' },
  );
}
