/** Sealing Fedora, Red Hat Enterprise Linux and their kin. sshd makes missing host keys by itself. */
import { linuxSealer, relabel, removeHostKeys } from './sealer.ts';

const forgetPackages = `
if command -v dnf >/dev/null 2>&1; then dnf clean all; elif command -v yum >/dev/null 2>&1; then yum clean all; fi || :
rm -rf /var/cache/dnf/* /var/cache/yum/* /var/cache/libdnf5/*
rm -f /var/lib/rpm/__db*
`;

/** The installer's own records hold the root password; interfaces are tied to the build's card. */
const forgetInstaller = `
rm -f /root/anaconda-ks.cfg /root/original-ks.cfg /root/initial-setup-ks.cfg \\
  /root/install.log /root/install.log.syslog
for file in /etc/sysconfig/network-scripts/ifcfg-*; do
  [ ! -f "$file" ] || sed -i '/^\\(HWADDR\\|MACADDR\\|UUID\\)=/d' "$file"
done
`;

export const redhat = linuxSealer(removeHostKeys, forgetPackages, forgetInstaller, relabel);
