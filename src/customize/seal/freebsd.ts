/** Sealing FreeBSD. The start script of sshd makes missing host keys by itself. */
import { undoScript } from '../access-undo.ts';
import type { Sealer } from './sealer.ts';
import { removeHostKeys, removeKey } from './sealer.ts';

const forgetRest = `
pkg clean -ay >/dev/null 2>&1 || :
rm -f /var/cache/pkg/*.pkg /var/cache/pkg/*.txz /var/log/bsdinstall_log /tmp/bsdinstall*
`;

const last = `
rm -f /etc/hostid /etc/machine-id /var/db/dbus/machine-id /var/lib/dbus/machine-id
rm -f /var/db/dhclient.leases.* /entropy /boot/entropy /var/db/entropy/*
rm -f /var/log/*.[0-9] /var/log/*.bz2 /var/log/*.gz /var/log/*.xz /var/log/*.zst
find /var/log -xdev -type f -size +0 -exec sh -c 'for f; do : >"$f"; done' sh {} +
rm -f /root/.history /root/.sh_history /root/.bash_history /root/.lesshst /root/.viminfo
find /tmp /var/tmp -xdev -mindepth 1 -depth -delete 2>/dev/null
sync
`;

/** No /run and no setsid here; daemon(8) does what the latter does. */
const powerOff = (script: string, wait: string) => `
umask 077
cat >/var/run/finish-image.sh <<'END-OF-LAST-PART'
${script}
END-OF-LAST-PART
daemon -f sh -c '${wait}
  for service in syslogd cron dhclient; do service $service onestop; done
  sh /var/run/finish-image.sh
  rm -f /var/run/finish-image.sh
  shutdown -p now'
`;

export const freebsd: Sealer = {
  first: `${undoScript}${removeKey}${removeHostKeys}${forgetRest}`,
  last,
  powerOff,
};
