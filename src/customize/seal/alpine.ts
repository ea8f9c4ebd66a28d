/** Sealing Alpine Linux. sshd's start script makes missing host keys by itself. */
import { undoScript } from '../access-undo.ts';
import type { Sealer } from './sealer.ts';
import {
  forgetCloud,
  forgetMachine,
  forgetPast,
  giveBack,
  removeHostKeys,
  removeKey,
} from './sealer.ts';

const forgetRest = `
apk cache clean >/dev/null 2>&1 || :
rm -f /var/cache/apk/* /var/lib/seedrng/* /var/lib/misc/random-seed /root/answers
`;

export const alpine: Sealer = {
  first: `${undoScript}${removeKey}${removeHostKeys}${forgetCloud}${forgetRest}${giveBack}`,
  last: `${forgetMachine}${forgetPast}${giveBack}`,
};
