/** Sealing Debian and its kin. */
import { linuxSealer, renewHostKeys } from './sealer.ts';

const forgetPackages = `
apt-get clean
find /var/lib/apt/lists -mindepth 1 -type f ! -name lock -exec rm -f {} +
rm -f /var/cache/apt/*.bin /var/cache/debconf/*-old /var/lib/dpkg/*-old
`;

export const debian = linuxSealer(renewHostKeys, forgetPackages);
