/** Sealing Debian and its kin. */
import { undoScript } from '../access-undo.ts';
import type { Sealer } from './sealer.ts';
import {
  forgetCloud,
  forgetMachine,
  forgetPast,
  giveBack,
  removeKey,
  renewHostKeys,
} from './sealer.ts';

const forgetPackages = `
apt-get clean
find /var/lib/apt/lists -mindepth 1 -type f ! -name lock -exec rm -f {} +
rm -f /var/cache/apt/*.bin /var/cache/debconf/*-old /var/lib/dpkg/*-old
`;

export const debian: Sealer = {
  // Giving back twice: what is free now is done before the shutdown's time limit runs.
  first: `${undoScript}${removeKey}${renewHostKeys}${forgetCloud}${forgetPackages}${giveBack}`,
  last: `${forgetMachine}${forgetPast}${giveBack}`,
};
