/** What a guest becomes in this cloud: the server's request and its image's properties. */
import { codeOf } from '../../src/base/errors.ts';
import type { Boot, GuestSpec, MediumDevice, StagedMedium } from '../backend.ts';
import { inGib, parseDiskRef } from './disk-ref.ts';
import { chooseFlavor } from './flavor.ts';
import { cdromBusOf, hardwareProperties } from './hardware-properties.ts';
import type { AttachedVolume, ServerRequest } from './server-body.ts';
import type { Flavor, Properties } from './services/types.ts';
import type { OpenstackSettings } from './settings.ts';
import type { Survey } from './survey.ts';

/** GiB that the server's own image needs on the host; 0: it has none. */
function localGib(spec: GuestSpec): number {
  if (parseDiskRef(spec.disk.ref).kind === 'image') return inGib(spec.disk.size);
  return floppyOf(spec, spec.boot) ? 1 : 0;
}

export function flavorOf(spec: GuestSpec, survey: Survey, settings: OpenstackSettings): Flavor {
  const { memory, cpus } = spec.hardware;
  const disk = localGib(spec);
  return chooseFlavor(survey.flavors, settings, { memory, cpus, disk });
}

function hasFlavor(spec: GuestSpec, survey: Survey, settings: OpenstackSettings): boolean {
  try {
    flavorOf(spec, survey, settings);
    return true;
  } catch (error) {
    if (codeOf(error) === 'OZ_CLOUD_FLAVOR') return false;
    throw error;
  }
}

/**
 * Whether a server can't have its disk, which is a finished image, on its host: the flavors have
 * no disks, or too small ones, or the user knows that the cloud wants volumes.
 */
export function needsVolume(
  spec: GuestSpec,
  boot: Boot,
  survey: Survey,
  settings: OpenstackSettings,
): boolean {
  const { kind } = parseDiskRef(spec.disk.ref);
  if (boot.kind !== 'disk' || kind === 'volume' || survey.volumeObstacle !== null) return false;
  return settings.strategy === 'volumes' || !hasFlavor(spec, survey, settings);
}

/** Every property that a build sets for a boot on what it starts from; null: it must not be there. */
export function bootProperties(spec: GuestSpec, boot: Boot): Record<string, string | null> {
  const properties: Record<string, string | null> = {
    ...hardwareProperties(spec.hardware),
    kernel_id: null,
    ramdisk_id: null,
    os_command_line: null,
  };
  if (boot.kind === 'kernel') {
    Object.assign(properties, {
      kernel_id: boot.kernel.ref,
      ramdisk_id: boot.initrd.ref,
      os_command_line: boot.cmdline,
    });
  }
  if (isRescue(spec, boot)) {
    // The blank disk's own guest has nothing to lose, and its end must not take a minute.
    properties.os_shutdown_timeout = '0';
    if (rescueBus(spec) === 'ide') properties.hw_machine_type = 'pc';
  }
  return properties;
}

export function isRescue({ strategy }: GuestSpec, boot: Boot): boolean {
  return strategy === 'rescue' && boot.kind === 'cdrom';
}

function rescueBus({ hardware }: GuestSpec): string {
  return cdromBusOf(hardware) ?? 'ide';
}

/** What an installer's image needs to be a rescue medium. */
export function rescueProperties(spec: GuestSpec): Properties {
  return { hw_rescue_device: 'cdrom', hw_rescue_bus: rescueBus(spec) };
}

const isFloppy = ({ device }: StagedMedium) => device === 'floppy';

/** The floppy, which is the image of the server. */
export function floppyOf(spec: GuestSpec, boot: Boot): StagedMedium | undefined {
  return boot.kind === 'disk' ? undefined : spec.media.find(isFloppy);
}

export interface VolumeMedium extends StagedMedium {
  device?: Exclude<MediumDevice, 'floppy'> | undefined;
}

/** Media that are volumes: all but a rescue medium and a floppy. */
export function volumeMedia(spec: GuestSpec, boot: Boot): readonly VolumeMedium[] {
  if (boot.kind === 'disk' || isRescue(spec, boot)) return [];
  return spec.media.filter((medium): medium is VolumeMedium => !isFloppy(medium));
}

export interface RequestInput {
  spec: GuestSpec;
  boot: Boot;
  flavorId: string;
  media: readonly AttachedVolume[];
  survey: Survey;
  settings: OpenstackSettings;
  metadata: Properties;
}

export function serverRequest(input: RequestInput): ServerRequest {
  const { spec, boot, flavorId, media, survey, settings, metadata } = input;
  const { securityGroups, availabilityZone, keypair } = settings;
  return {
    name: spec.name,
    flavorId,
    networkId: survey.network?.network.id ?? null,
    securityGroups: survey.network ? securityGroups : [],
    availabilityZone,
    keypair,
    metadata,
    root: parseDiskRef(spec.disk.ref),
    floppy: floppyOf(spec, boot)?.ref ?? null,
    media,
    cdromBus: cdromBusOf(spec.hardware),
    bootsMedia: boot.kind === 'cdrom',
    userData: spec.userData,
  };
}
