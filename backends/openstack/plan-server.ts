/** The server that a guest would be, shown before anything is made. */
import type { GuestSpec } from '../backend.ts';
import {
  bootProperties,
  flavorOf,
  floppyOf,
  isRescue,
  rescueProperties,
  serverRequest,
  volumeMedia,
} from './request.ts';
import { serverBody } from './server-body.ts';
import type { OpenstackSettings } from './settings.ts';
import type { Survey } from './survey.ts';

export interface ServerPlan {
  /** JSON: the request, and the properties of what it boots from. Holds secrets. */
  text: string;
  /** What was chosen: flavor, network, … */
  chosen: [name: string, value: string][];
}

/** `spec` names no resources yet: what stands for them is shown instead. */
export function planServer(
  spec: GuestSpec,
  survey: Survey,
  settings: OpenstackSettings,
): ServerPlan {
  const floppy = floppyOf(spec, spec.boot);
  const volumes = spec.strategy === 'volumes' || floppy !== undefined;
  const named = {
    ...spec,
    disk: { ...spec.disk, ref: volumes ? 'volume:DISK' : 'image:DISK' },
    media: spec.media.map((medium) => ({ ...medium, ref: medium.role.toUpperCase() })),
  };
  const flavor = flavorOf(named, survey, settings);
  const media = volumeMedia(named, spec.boot).map(({ role, device = 'cdrom' }) => ({
    volumeId: role.toUpperCase(),
    device,
  }));
  const request = serverRequest({
    spec: named,
    boot: spec.boot,
    flavorId: flavor.id,
    media,
    survey,
    settings,
    metadata: {},
  });
  const set = Object.entries(bootProperties(named, spec.boot)).filter(
    ([, value]) => value !== null,
  );
  const document = {
    server: {
      ...serverBody(request),
      ...(spec.userData === undefined ? {} : { user_data: spec.userData }),
    },
    [floppy ? 'floppy' : 'disk']: Object.fromEntries(set),
    ...(isRescue(named, spec.boot) ? { rescue: rescueProperties(named) } : {}),
  };
  const { network, ssh } = survey;
  return {
    text: `${JSON.stringify(document, null, 2)}\n`,
    chosen: [
      ['flavor', `${flavor.name} (${flavor.vcpus} CPU, ${flavor.ram} MiB, ${flavor.disk} GiB)`],
      ['network', network ? network.network.name : 'none'],
      ['ssh', ssh.reason],
    ],
  };
}
