/** Sealing openSUSE and SUSE Linux Enterprise. sshd makes missing host keys by itself. */
import { linuxSealer, relabel, removeHostKeys } from './sealer.ts';

/** The profile that AutoYaST keeps holds the root password. */
const forgetRest = `
zypper --non-interactive clean --all || :
rm -rf /var/cache/zypp/* /var/adm/autoinstall /var/log/YaST2
rm -f /root/autoinst.xml /var/lib/zypp/AnonymousUniqueId /var/lib/wicked/*
rm -f /etc/udev/rules.d/70-persistent-net.rules
`;

export const suse = linuxSealer(removeHostKeys, forgetRest, relabel);
