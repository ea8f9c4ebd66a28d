/** The request that makes a server; pure. */
import type { MediumDevice } from '../backend.ts';
import type { Properties } from './services/types.ts';

export interface AttachedVolume {
  volumeId: string;
  device: MediumDevice;
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
  root: { kind: 'image' | 'volume'; id: string };
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

function rootMapping({ root }: ServerRequest): Mapping {
  return root.kind === 'image'
    ? {
        boot_index: 0,
        source_type: 'image',
        destination_type: 'local',
        uuid: root.id,
        delete_on_termination: true,
      }
    : {
        boot_index: 0,
        source_type: 'volume',
        destination_type: 'volume',
        uuid: root.id,
        delete_on_termination: false,
      };
}

function mediaMappings({ media, cdromBus, bootsMedia }: ServerRequest): Mapping[] {
  const first = bootsMedia ? media.findIndex(({ device }) => device === 'cdrom') : -1;
  return media.map(({ volumeId, device }, index) => ({
    boot_index: index === first ? 1 : -1,
    source_type: 'volume',
    destination_type: 'volume',
    uuid: volumeId,
    ...devices[device],
    ...(device === 'cdrom' && cdromBus !== undefined ? { disk_bus: cdromBus } : {}),
    delete_on_termination: false,
  }));
}

/** What stands inside `{"server": …}`. User data is encoded, and still a secret. */
export function serverBody(request: ServerRequest): Record<string, unknown> {
  const { name, flavorId, networkId, metadata, root, media, userData } = request;
  const { securityGroups, availabilityZone, keypair } = request;
  const plain = root.kind === 'image' && media.length === 0;
  return {
    name,
    flavorRef: flavorId,
    ...(root.kind === 'image' ? { imageRef: root.id } : {}),
    ...(plain
      ? {}
      : { block_device_mapping_v2: [rootMapping(request), ...mediaMappings(request)] }),
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
