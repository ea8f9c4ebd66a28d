/** Places as they usually are, for saying what could be built there without looking. */
import type { Capabilities } from '../../backends/backend.ts';

const assumed = 'where the cloud has what it takes (oz plan asks it)';

/** A cloud of which nothing is known, with all that OpenStack offers. */
export const nominalCloud: Capabilities = {
  kernelBoot: true,
  devices: ['cdrom', 'floppy', 'usb'],
  maxMedia: 3,
  activity: { disk: false, network: false },
  sendKeys: true,
  hostAddress: null,
  diskFormats: ['qcow2', 'raw'],
  strategies: (['direct', 'volumes', 'rescue'] as const).map((name) => ({
    name,
    possible: true,
    reason: assumed,
  })),
  userData: {
    maxBytes: 49_149, // Nova takes 65535 bytes of base64
    configDrive: true,
    url: 'http://169.254.169.254/openstack/latest/user_data',
  },
  sshReachable: { reachable: true, reason: assumed },
};
