/**
 * libvirt's driver for QEMU is a file of its own, in a package of its own. A daemon that is
 * started without it stays without it, although the package comes later: it is looked for first.
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { installHint } from '../../src/base/debian-packages.ts';
import { OzError } from '../../src/base/errors.ts';
import { findGuestDaemon } from './find-daemon.ts';
import { readUri } from './uri.ts';

const driver = 'libvirt/connection-driver/libvirt_driver_qemu.so';

/** Whether a Debian has it; of other systems it is not known where they keep it. */
export function lacksDriver(root = '/'): boolean {
  if (!existsSync(path.join(root, 'etc/debian_version'))) return false;
  const libraries = path.join(root, 'usr/lib');
  const places = ['.', ...readdirSync(libraries).filter((name) => name.includes('-linux-'))];
  return !places.some((place) => existsSync(path.join(libraries, place, driver)));
}

/** Debian's; one that was built here has its driver elsewhere. */
const isPackaged = (daemon: string | null) => daemon !== null && /^\/(?:usr\/)?sbin\//.test(daemon);

/** Throws OZ_LIBVIRT_NO_DRIVER where connecting would start a daemon of this machine without it. */
export function checkDriver(uri: string, daemon = findGuestDaemon(), lacks = lacksDriver): void {
  const { driver: name, remote } = readUri(uri);
  if (name !== 'qemu' || remote || !isPackaged(daemon) || !lacks()) return;
  throw new OzError(
    'OZ_LIBVIRT_NO_DRIVER',
    `Cannot connect to ${uri}: libvirt's driver for QEMU is not installed`,
    { hint: installHint('libvirt-daemon-driver-qemu') },
  );
}
