/** Sealing Arch Linux. A unit of its own makes missing SSH host keys. */
import { linuxSealer, removeHostKeys } from './sealer.ts';

/** pacman's keyring has a secret key of this machine: each machine makes its own. */
const forgetRest = `
yes | pacman -Scc >/dev/null 2>&1 || :
rm -f /var/cache/pacman/pkg/*
rm -rf /etc/pacman.d/gnupg
cat >/etc/systemd/system/pacman-keyring.service <<'END'
[Unit]
Description=Make the keyring of pacman
ConditionPathExists=!/etc/pacman.d/gnupg/trustdb.gpg
After=local-fs.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/pacman-key --init
ExecStart=/usr/bin/pacman-key --populate

[Install]
WantedBy=multi-user.target
END
systemctl enable pacman-keyring.service 2>&1
`;

export const arch = linuxSealer(removeHostKeys, forgetRest);
