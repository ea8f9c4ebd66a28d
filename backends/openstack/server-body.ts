/** The request that makes a server; pure. */
import type { MediumDevice } from '../backend.ts';
import type { Properties } from './services/types.ts';

export interface AttachedVolume {
  volumeId: string;
  device: Exclude<MediumDevice, 'floppy'>;
}

export interface ServerRequest {
  name: string;
  flavorId: string;
  /** Null: a cloud without networks. */
  networkId: string | null;
  securityGroups: readonly string[];
  availabilityZone: string | null;
  keypair: string | null;
  metadata: Properties;
  /** The hard disk. */
  root: { kind: 'image' | 'volume'; id: string };
  /**
   * Image of a floppy, which goes before a disk that is a volume. As a volume it would get its
   * id for a serial number, and QEMU starts no guest whose floppy has one.
   */
  floppy: string | null;
  /** In the order in which the guest is to try them. */
  media: readonly AttachedVolume[];
  /** Of cdroms; undefined: Nova knows what the machine has. */
  cdromBus: string | undefined;
  /** Whether the guest may start from the media. */
  bootsMedia: boolean;
  userData?: string | undefined;
}

type Mapping = Record<string, string | number | boolean>;

const devices: Record<MediumDevice, { device_type: string; disk_bus?: string }> = {
  cdrom: { device_type: 'cdrom' },
  floppy: { device_type: 'floppy', disk_bus: 'fdc' },
  usb: { device_type: 'disk', disk_bus: 'usb' },
};

/** The server's own image: Nova takes no other image as it is, and none but the first. */
const ofImage = (uuid: string): Mapping => ({
  boot_index: 0,
  source_type: 'image',
  destination_type: 'local',
  uuid,
  delete_on_termination: true,
});

const ofVolume = (uuid: string, bootIndex: number): Mapping => ({
  boot_index: bootIndex,
  source_type: 'volume',
  destination_type: 'volume',
  uuid,
  delete_on_termination: false,
});

function diskMappings({ root, floppy }: ServerRequest): Mapping[] {
  if (floppy !== null) {
    return [{ ...ofImage(floppy), ...devices.floppy }, ofVolume(root.id, 1)];
  }
  return [root.kind === 'image' ? ofImage(root.id) : ofVolume(root.id, 0)];
}

function mediaMappings(
  { media, cdromBus, bootsMedia }: ServerRequest,
  bootIndex: number,
): Mapping[] {
  const first = bootsMedia ? media.findIndex(({ device }) => device === 'cdrom') : -1;
  return media.map(({ volumeId, device }, index) => ({
    ...ofVolume(volumeId, index === first ? bootIndex : -1),
    ...devices[device],
    ...(device === 'cdrom' && cdromBus !== undefined ? { disk_bus: cdromBus } : {}),
  }));
}

function mappings(request: ServerRequest): Mapping[] {
  const disks = diskMappings(request);
  return [...disks, ...mediaMappings(request, disks.length)];
}

/** What stands inside `{"server": …}`. User data is encoded, and still a secret. */
export function serverBody(request: ServerRequest): Record<string, unknown> {
  const { name, flavorId, networkId, metadata, root, floppy, media, userData } = request;
  const { securityGroups, availabilityZone, keypair } = request;
  const image = floppy ?? (root.kind === 'image' ? root.id : null);
  const plain = root.kind === 'image' && media.length === 0;
  return {
    name,
    flavorRef: flavorId,
    ...(image === null ? {} : { imageRef: image }),
    ...(plain ? {} : { block_device_mapping_v2: mappings(request) }),
    networks: networkId === null ? 'none' : [{ uuid: networkId }],
    ...(securityGroups.length > 0
      ? { security_groups: securityGroups.map((group) => ({ name: group })) }
      : {}),
    ...(availabilityZone === null ? {} : { availability_zone: availabilityZone }),
    ...(keypair === null ? {} : { key_name: keypair }),
    metadata,
    ...(userData === undefined
      ? {}
      : { config_drive: true, user_data: Buffer.from(userData, 'utf8').toString('base64') }),
  };
}
