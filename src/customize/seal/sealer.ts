/** What sealing an image of one kind consists of. */
import { undoScript } from '../access-undo.ts';

export interface Sealer {
  /** Run while the session is open, as root; "$1" is the public key's base64 part. Must succeed. */
  first: string;
  /**
   * Run after the session has gone and, where the guest has systemd, after
   * nearly everything else has been stopped. Does what it can.
   */
  last: string;
  /** Arranges for `script` and the power-off where it is not done as on Linux; see seal.ts. */
  powerOff?: ((script: string, wait: string) => string) | undefined;
}

/** Takes our line out of root's authorized_keys, and the file and directory if nothing else is in them. */
export const removeKey = `
keys=$HOME/.ssh/authorized_keys
if [ -n "$key" ] && [ -f "$keys" ]; then
  if grep -vF -- "$key" "$keys" >"$keys.new"; then
    cat "$keys.new" >"$keys"
  else
    rm -f "$keys"
  fi
  rm -f "$keys.new"
  if [ -f "$keys" ] && grep -qF -- "$key" "$keys"; then
    echo "the build's key is still in $keys" >&2
    return 1
  fi
  rmdir "$HOME/.ssh" 2>/dev/null || true
fi
`;

/** For systems whose sshd makes those that are missing when it starts. */
export const removeHostKeys = `
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub /etc/ssh/ssh_host_key /etc/ssh/ssh_host_key.pub
`;

/** `$keygen` in the text that is written; before OpenSSH 5.9 it makes no keys by itself. */
const makeHostKeys = `$keygen -A >/dev/null 2>&1 || for kind in rsa dsa; do
  [ -e /etc/ssh/ssh_host_\\\${kind}_key ] ||
    $keygen -q -t \\$kind -N "" -f /etc/ssh/ssh_host_\\\${kind}_key
done`;

/**
 * Removes the host keys and sees to it that the next boot makes new ones, before
 * sshd starts: by a unit of systemd, a job of upstart where that starts sshd
 * (Debian 7 has the job without it), or a script of init, whose number counts
 * where its dependencies do not.
 */
export const renewHostKeys = `${removeHostKeys}
keygen=$(command -v ssh-keygen)
if [ -d /run/systemd/system ]; then
  cat >/etc/systemd/system/ssh-host-keys.service <<END
[Unit]
Description=Make the SSH host keys that are missing
ConditionPathExistsGlob=!/etc/ssh/ssh_host_*_key
RequiresMountsFor=/etc/ssh
Before=ssh.service sshd.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$keygen -A

[Install]
WantedBy=multi-user.target ssh.service
END
  systemctl daemon-reload
  systemctl enable ssh-host-keys.service 2>&1
elif [ -f /etc/init/ssh.conf ] && initctl version 2>/dev/null | grep -q upstart; then
  cat >/etc/init/ssh-host-keys.conf <<END
description "Make the SSH host keys that are missing"
start on starting ssh
task
script
${makeHostKeys}
end script
END
elif [ -d /etc/init.d ]; then
  cat >/etc/init.d/ssh-host-keys <<END
#!/bin/sh
### BEGIN INIT INFO
# Provides:          ssh-host-keys
# Required-Start:    \\$local_fs \\$remote_fs
# Required-Stop:
# X-Start-Before:    ssh
# Default-Start:     2 3 4 5
# Default-Stop:
# Short-Description: Make the SSH host keys that are missing
### END INIT INFO
[ "\\$1" = start ] || exit 0
${makeHostKeys}
END
  chmod 755 /etc/init.d/ssh-host-keys
  update-rc.d ssh-host-keys start 10 2 3 4 5 . >/dev/null
fi
`;

/** What makes one machine of a distribution with systemd, or without, that very machine. */
const forgetMachine = `
if [ -e /usr/lib/systemd/systemd ] || [ -e /lib/systemd/systemd ]; then
  if [ -e /etc/machine-id ]; then : >/etc/machine-id; fi
  if [ -f /var/lib/dbus/machine-id ] && [ ! -L /var/lib/dbus/machine-id ]; then
    rm -f /var/lib/dbus/machine-id
    [ ! -e /etc/machine-id ] || ln -s /etc/machine-id /var/lib/dbus/machine-id
  fi
else
  # dbus makes the one that is missing, and fails on one that is empty
  rm -f /etc/machine-id /var/lib/dbus/machine-id
fi
rm -f /etc/udev/rules.d/70-persistent-net.rules /etc/udev/rules.d/75-persistent-net-generator.rules
rm -f /var/lib/dhcp/*.lease* /var/lib/dhcp3/*.lease* /var/lib/dhclient/*.lease* \\
  /var/lib/dhcpcd/*.lease* /var/lib/dhcpcd/duid /var/lib/dhcpcd/secret /var/lib/NetworkManager/*.lease /var/lib/NetworkManager/timestamps \\
  /var/lib/NetworkManager/secret_key /var/lib/NetworkManager/seen-bssids
rm -f /var/lib/systemd/random-seed /var/lib/systemd/credential.secret /var/lib/urandom/random-seed \\
  /var/lib/misc/random-seed /var/lib/seedrng/*
rm -rf /var/lib/cloud/instance /var/lib/cloud/instances /var/lib/cloud/data /var/lib/cloud/sem
`;

/**
 * Logs, histories and passing files. Log files that programs expect stay, empty.
 * The find of RHEL 4 knows no `{} +`.
 */
const forgetPast = `
if command -v journalctl >/dev/null 2>&1; then journalctl --relinquish-var 2>/dev/null; fi
rm -rf /var/log/journal/* /var/log/installer /var/log/anaconda
find /var/log -xdev -type f \\( -name '*.gz' -o -name '*.xz' -o -name '*.old' -o -name '*.[0-9]' \\) \\
  -exec rm -f {} \\;
find /var/log -xdev -type f -size +0 -exec sh -c ': >"$1"' sh {} \\;
rm -f /var/lib/wtmpdb/*.db* /var/lib/lastlog/*.db*
rm -f /root/.bash_history /root/.ash_history /root/.lesshst /root/.viminfo /root/.wget-hsts \\
  /home/*/.bash_history
find /tmp /var/tmp -xdev -mindepth 1 -maxdepth 1 -exec rm -rf {} \\; 2>/dev/null
find /var/lib/systemd/coredump /var/crash -xdev -type f -exec rm -f {} \\; 2>/dev/null
`;

/** Gives freed blocks back, so that the image file is small. */
const giveBack = `
sync
if command -v fstrim >/dev/null 2>&1; then
  awk '$3 ~ /^(ext[234]|xfs|btrfs|f2fs)$/ && $4 ~ /^rw/ { print $2 }' /proc/mounts |
    sort -u | while read -r mount; do fstrim "$mount" 2>/dev/null || :; done
fi
sync
`;

/**
 * cloud-init starts afresh. What it has written about the network is of the
 * build's server; on a system without it such a file would stay for ever. Where
 * cloud-init is not started, since there is no data source, netplan has no other
 * file than this one: one that suits any machine takes its place.
 */
export const forgetCloud = `
if command -v cloud-init >/dev/null 2>&1; then
  cloud-init clean --logs --machine-id >/dev/null 2>&1 || cloud-init clean --logs >/dev/null 2>&1 || :
  for file in /etc/netplan/50-cloud-init.yaml /etc/network/interfaces.d/50-cloud-init* \\
    /etc/NetworkManager/system-connections/cloud-init-*.nmconnection \\
    /etc/sysconfig/network-scripts/ifcfg-* /etc/sysconfig/network/ifcfg-* \\
    /etc/systemd/network/10-cloud-init-*.network; do
    if [ -f "$file" ] && grep -qiE 'generated (from|by) .*(datasource|cloud-init)|created by cloud-init|cloud-init-|^ *macaddress:' "$file"; then
      rm -f "$file"
      case $file in
        /etc/netplan/*) ls /etc/netplan/*.yaml >/dev/null 2>&1 || (umask 077 && cat >"$file") <<'END'
network:
  version: 2
  ethernets:
    all:
      match:
        name: "e*"
      dhcp4: true
      dhcp-identifier: mac
END
        ;;
      esac
    fi
  done
fi
`;

/** SELinux: what was written from outside may have another label than its place asks for. */
export const relabel = `
if command -v selinuxenabled >/dev/null 2>&1 && selinuxenabled; then
  restorecon -R /etc /home /opt /root /srv /usr/local /var/lib 2>/dev/null || :
fi
`;

/** A Linux system's sealing: what all have, around how it gets host keys and what only it keeps. */
export const linuxSealer = (hostKeys: string, ...own: readonly string[]): Sealer => ({
  // Giving back twice: what is free now is done before the shutdown's time limit runs.
  first: [undoScript, removeKey, hostKeys, forgetCloud, ...own, giveBack].join(''),
  last: [forgetMachine, forgetPast, giveBack].join(''),
});
