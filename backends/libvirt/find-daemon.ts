/** Where libvirt's daemons are installed; its own library looks there, too, not in PATH. */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

const directories = ['/usr/sbin', '/usr/local/sbin', '/sbin'];

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first of these programs that is there, or null. */
export function findDaemon(...names: string[]): string | null {
  const files = names.flatMap((name) => directories.map((dir) => path.join(dir, name)));
  return files.find(isProgram) ?? null;
}

/** The daemon that runs QEMU's guests: the one for all, or the modular one. */
export const findGuestDaemon = (): string | null => findDaemon('libvirtd', 'virtqemud');
