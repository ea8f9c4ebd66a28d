/** Sealing Alpine Linux. sshd's start script makes missing host keys by itself. */
import { linuxSealer, removeHostKeys } from './sealer.ts';

const forgetRest = `
apk cache clean >/dev/null 2>&1 || :
rm -f /var/cache/apk/* /root/answers
`;

export const alpine = linuxSealer(removeHostKeys, forgetRest);
