/** A survey in the words of backend.ts. */
import type { Capabilities } from '../backend.ts';
import type { OpenstackSettings } from './settings.ts';
import { largestGuest, strategiesOf } from './strategies.ts';
import type { Survey } from './survey.ts';

/** Nova takes 65535 bytes of base64. */
const userDataBytes = Math.floor(65535 / 4) * 3;

const metadataUrl = 'http://169.254.169.254/openstack/latest/user_data';

/** The metadata service is found by what DHCP says. */
function hasMetadata({ network }: Survey): boolean {
  return network?.subnets.some(({ version, dhcp }) => version === 4 && dhcp) ?? false;
}

export function capabilitiesOf(survey: Survey, settings: OpenstackSettings): Capabilities {
  const strategies = strategiesOf(survey, settings);
  const volumes = strategies.some(({ name, possible }) => name === 'volumes' && possible);
  const { ssh, network, admin, trust } = survey;
  return {
    kernelBoot: true,
    remasters: 'splice',
    devices: volumes ? ['cdrom', 'floppy', 'usb'] : ['cdrom'],
    // Without volumes there is room for a rescue medium alone.
    maxMedia: volumes ? 3 : 1,
    // Diagnostics are for administrators, as clouds come; the first question tells.
    activity: { disk: admin, network: admin },
    // Whether Nova gives a VNC console is known once there is a server; most clouds do.
    sendKeys: true,
    trust,
    hostAddress: network?.hostAddress ?? null,
    diskFormats: ['qcow2', 'raw'],
    strategies,
    largest: largestGuest(survey, settings),
    userData: {
      maxBytes: userDataBytes,
      configDrive: true,
      url: hasMetadata(survey) ? metadataUrl : null,
    },
    sshReachable: { reachable: ssh.kind !== 'none' && !ssh.full, reason: ssh.reason },
  };
}
