/** SELinux labels in a disk whose guest is not running. */
import type { Guestfish } from './guestfish.ts';
import { readText } from './offline-text.ts';

/** Under SELinux, sshd and systemd read nothing whose label is missing; the appliance sets none. */
export async function labels(fish: Guestfish): Promise<boolean> {
  const config = await readText(fish, '/etc/selinux/config');
  return /^\s*SELINUX\s*=\s*(enforcing|permissive)\s*$/im.test(config);
}

const places: readonly [place: RegExp, type: string][] = [
  [/^\/root\/\.ssh/, 'ssh_home_t'],
  [/^\/etc\/systemd\/system\//, 'systemd_unit_file_t'],
  [/^\/etc\/cron\.d\//, 'system_cron_spool_t'],
  [/^\/etc\/firewalld\//, 'firewalld_etc_rw_t'],
  [/^\/var\/lib\//, 'var_lib_t'],
  [/^\/etc\//, 'etc_t'],
];

/** cron, for one, runs nothing that is not labelled as its own. */
export function labelOf(file: string): string {
  const type = places.find(([place]) => place.test(file))?.[1] ?? 'etc_t';
  return `system_u:object_r:${type}:s0`;
}

/** Gives what was made here the labels of its places; a link gets that of its directory anyway. */
export async function labelAll(fish: Guestfish, files: readonly string[]): Promise<void> {
  for (const file of files) {
    if (!(await fish.is('is-file', file)) && !(await fish.is('is-dir', file))) continue;
    const label = labelOf(file);
    await fish.command('setxattr', 'security.selinux', label, String(label.length), file);
  }
}
