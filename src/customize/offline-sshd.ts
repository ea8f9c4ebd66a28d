/** Has the sshd of a disk's system start at its next boot, whatever starts services there. */
import type { UndoStep } from './access-undo.ts';
import type { Guestfish } from './guestfish.ts';

const units = ['ssh.service', 'sshd.service'];
const unitDirs = ['/lib/systemd/system', '/usr/lib/systemd/system'];
export const systemdWants = '/etc/systemd/system/multi-user.target.wants';

export async function hasSystemd(fish: Guestfish): Promise<boolean> {
  return (
    (await fish.is('is-file', '/lib/systemd/systemd')) ||
    (await fish.is('is-file', '/usr/lib/systemd/systemd'))
  );
}

async function bySystemd(fish: Guestfish): Promise<UndoStep[] | null> {
  if (!(await hasSystemd(fish))) return null; // units are there before their time
  for (const unit of units) {
    for (const dir of unitDirs) {
      if (!(await fish.is('is-file', `${dir}/${unit}`))) continue;
      const link = `${systemdWants}/${unit}`;
      const socket = '/etc/systemd/system/sockets.target.wants/ssh.socket';
      const starts =
        (await fish.is('is-symlink', link)) ||
        ((await fish.is('is-symlink', socket)) && unit === 'ssh.service');
      if (starts) return [];
      await fish.command('mkdir-p', systemdWants);
      await fish.command('ln-sf', `${dir}/${unit}`, link);
      return [{ verb: 'rm', path: link }];
    }
  }
  return null;
}

async function byOpenRc(fish: Guestfish): Promise<UndoStep[] | null> {
  if (!(await fish.is('is-dir', '/etc/runlevels/default'))) return null;
  const link = '/etc/runlevels/default/sshd';
  if (await fish.is('is-symlink', link)) return [];
  await fish.command('ln-sf', '/etc/init.d/sshd', link);
  return [{ verb: 'rm', path: link }];
}

/** Red Hat's, SUSE's and Debian's directories of the levels with a network. */
const levels = [
  ...['/etc/rc.d/rc3.d', '/etc/rc.d/rc5.d', '/etc/init.d/rc3.d', '/etc/init.d/rc5.d'],
  '/etc/rc2.d',
];

async function bySysvinit(fish: Guestfish): Promise<UndoStep[]> {
  const undo: UndoStep[] = [];
  // Debian 7 has the job without upstart.
  const upstart =
    (await fish.is('is-file', '/sbin/initctl')) && (await fish.is('is-file', '/etc/init/ssh.conf'));
  if (upstart) return [];
  for (const name of ['sshd', 'ssh']) {
    if (!(await fish.is('is-file', `/etc/init.d/${name}`))) continue;
    for (const dir of levels) {
      // Debian's alone has that name.
      if ((dir === '/etc/rc2.d') !== (name === 'ssh')) continue;
      if (!(await fish.is('is-dir', dir))) continue;
      if ((await fish.command('glob-expand', `${dir}/S*${name}`)).trim() !== '') continue;
      const link = `${dir}/S55${name}`;
      await fish.command('ln-sf', `/etc/init.d/${name}`, link);
      undo.push({ verb: 'rm', path: link });
    }
  }
  return undo;
}

/** What must be undone: nothing where it starts already. */
export async function startSshd(fish: Guestfish): Promise<UndoStep[]> {
  return (await bySystemd(fish)) ?? (await byOpenRc(fish)) ?? (await bySysvinit(fish));
}
