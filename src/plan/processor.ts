/** Which systems are built for newer processors than the first of their architecture. */
import type { Arch } from '../../backends/backend.ts';

/** x86-64-v2 and later; the database does not tell. */
const newer = [
  /^(almalinux|centos-stream|circle|miraclelinux|ol|rhel|rocky)(9|[1-9]\d)(\D|$)/,
  /^(opensuse|sles?)1[6-9]\./,
  /^win(8\.1|1\d|2k12r2|2k1[6-9]|2k2\d)/,
];

/** Without cmpxchg16b glibc ends every program of such a Linux, and Windows does not start. */
export function needsCx16(shortId: string, arch: Arch): boolean {
  return arch === 'x86_64' && newer.some((pattern) => pattern.test(shortId));
}

/** What to tell of such a system before it is known which QEMU emulates it. */
export function processorWarnings(
  name: string,
  cx16: boolean | undefined,
  accelerated: boolean | undefined,
): string[] {
  if (!cx16 || accelerated !== false) return [];
  return [`${name} is built for newer processors: without KVM it needs QEMU 8.0 or later`];
}
