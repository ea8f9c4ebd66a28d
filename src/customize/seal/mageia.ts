/** Sealing Mandrake, Mandriva and Mageia. sshd makes missing host keys by itself. */
import { linuxSealer, removeHostKeys } from './sealer.ts';

/** drakx leaves its answers, with the root password, in root's home. */
const forgetRest = `
urpmi --clean >/dev/null 2>&1 || :
rm -rf /var/cache/urpmi/rpms/* /var/cache/urpmi/partial/* /root/drakx
rm -f /var/lib/rpm/__db*
for file in /etc/sysconfig/network-scripts/ifcfg-*; do
  [ ! -f "$file" ] || sed -i '/^\\(HWADDR\\|MACADDR\\|UUID\\)=/d' "$file"
done
`;

export const mageia = linuxSealer(removeHostKeys, forgetRest);
