/** How the installer is started and its answer file reaches it: the first way this place allows. */
import type {
  BootStrategy,
  Capabilities,
  DeliveryKind,
  OfferedStrategy,
} from '../../backends/backend.ts';
import { OzError } from '../base/errors.ts';
import type { AnswerWay } from './families/family.ts';
import type { AnswerCarrier, PlannedInstall } from './types.ts';

export interface DeliveryRequest {
  /** What the family can do, the preferred one first. */
  ways: readonly AnswerWay[];
  capabilities: Capabilities;
  /** Whether the installer's ISO is attached. */
  iso: boolean;
  /** Whether a CD with drivers is attached as well. */
  drivers?: boolean | undefined;
  /** The device that carries the answer medium. */
  device: 'cdrom' | 'floppy' | 'usb';
  /** Restarts of the installer, before the power-off or instead of it. */
  reboots: number;
  /** Whether the guest has a TPM. */
  tpm: boolean;
  /** MiB of the guest's memory, and bytes of its disk. */
  memory: number;
  disk: number;
  /** Bytes of the answer file. */
  answerSize: () => number;
  /** [openstack] strategy and answer, unless they are left to us. */
  asked: { strategy?: string | undefined; carrier?: string | undefined };
}

export interface ChosenDelivery {
  way: AnswerWay;
  delivery: PlannedInstall['delivery'];
  strategy: PlannedInstall['strategy'];
}

const starts: Record<DeliveryKind, string> = {
  initrd: 'kernel and initrd are started directly',
  'kernel-args': 'kernel and initrd are started directly',
  medium: 'the installer starts from its own ISO',
  remaster: 'the installer starts from a copy of its ISO',
};

const carries: Record<AnswerCarrier, (way: AnswerWay) => string> = {
  initrd: () => 'the answer file travels in the initrd',
  medium: ({ kind }) =>
    kind === 'kernel-args'
      ? 'told which medium holds the answer file'
      : 'it looks for its answer file on a second medium by itself',
  'user-data': ({ kind, reads }) =>
    `${kind === 'kernel-args' ? 'told to take' : 'it takes'} the answer file from ${
      reads === 'url' ? 'the metadata service' : 'the config drive'
    }`,
  remaster: () => 'which holds the answer file, since nothing else works for this installer',
};

function reasonOf(way: AnswerWay): string {
  const joint = way.carrier === 'remaster' ? ', ' : ' and ';
  return `${starts[way.kind]}${joint}${carries[way.carrier](way)}`;
}

const bootsKernel = ({ kind }: AnswerWay) => kind === 'initrd' || kind === 'kernel-args';

/** Media besides the disk. */
const mediaOf = (way: AnswerWay, { iso, drivers }: DeliveryRequest) =>
  (iso ? 1 : 0) + (drivers ? 1 : 0) + (way.carrier === 'medium' ? 1 : 0);

function userDataObstacle({ reads }: AnswerWay, request: DeliveryRequest): string | null {
  const { userData } = request.capabilities;
  if (!userData) return 'guests here have no user data';
  if (reads === 'config-drive' && !userData.configDrive) return 'guests here have no config drive';
  if (reads === 'url' && userData.url === null) return 'guests here reach no metadata service';
  const size = request.answerSize();
  return size > userData.maxBytes
    ? `the answer file has ${size} bytes, and user data takes ${userData.maxBytes}`
    : null;
}

/** Why a place can't do it this way however the installer is started, or null. */
function obstacle(way: AnswerWay, request: DeliveryRequest): string | null {
  const { capabilities, asked, device } = request;
  if (asked.carrier !== undefined && asked.carrier !== way.carrier) {
    return `oz.cfg asks for the answer file by ${asked.carrier}`;
  }
  if (bootsKernel(way) && !capabilities.kernelBoot) {
    return 'guests here cannot be started from a kernel';
  }
  if (!bootsKernel(way) && !capabilities.devices.includes('cdrom')) {
    return 'guests here have no CD-ROM';
  }
  if (way.carrier === 'medium' && !capabilities.devices.includes(device)) {
    return `guests here have no ${device}`;
  }
  if (way.carrier === 'user-data') return userDataObstacle(way, request);
  return null;
}

function tooManyMedia(way: AnswerWay, request: DeliveryRequest): string | null {
  const { maxMedia } = request.capabilities;
  return mediaOf(way, request) > maxMedia
    ? maxMedia === 0
      ? 'guests here have no media besides the disk'
      : `guests here have no ${request.drivers ? 'third' : 'second'} medium`
    : null;
}

type Fit = (way: AnswerWay, request: DeliveryRequest) => string | null;

const again = 'every restart would begin the installation again';

/** Why a way does not go with a strategy, or null. */
const fits: Record<BootStrategy, Fit> = {
  direct(way, request) {
    if (!bootsKernel(way)) return 'it starts a kernel, and this installer starts from its ISO';
    if (request.reboots > 0) return again;
    if (mediaOf(way, request) === 0) return null;
    const volumes = request.capabilities.strategies?.find(({ name }) => name === 'volumes');
    return volumes?.possible === false
      ? `media beside the disk need volumes: ${volumes.reason}`
      : tooManyMedia(way, request);
  },
  volumes(way, request) {
    if (bootsKernel(way)) return 'it starts no kernel';
    return tooManyMedia(way, request);
  },
  rescue(way, request) {
    if (bootsKernel(way)) return 'it starts no kernel';
    if (request.tpm) return 'Nova rescues no server that has a TPM';
    if (way.carrier === 'medium') return 'beside the disk there is room for the installer alone';
    return request.reboots > 0 ? again : null;
  },
};

const gib = 1024 ** 3;
const inGib = (bytes: number) => Math.ceil(bytes / gib);

/** Why no guest that there is has room for the disk, or null. */
function sizeObstacle({ sizes }: OfferedStrategy, { memory, disk }: DeliveryRequest) {
  if (!sizes) return null;
  const enough = sizes.filter((size) => size.memory >= memory);
  if (enough.some((size) => size.disk >= disk)) return null;
  const [only] = enough;
  const who =
    sizes.length === 1 && only
      ? `flavor ${only.name} has ${inGib(only.disk)} GiB of its own`
      : `no flavor with ${memory} MiB of memory has so much of its own`;
  return `the disk takes ${inGib(disk)} GiB, and ${who}`;
}

interface VolumesNeeded {
  count: number;
  /** GiB; a volume has one at least. */
  size: number;
}

/** Why the quota has no room for so many volumes, or null. */
function volumesObstacle({ capabilities }: DeliveryRequest, { count, size }: VolumesNeeded) {
  const room = capabilities.strategies?.find(({ name }) => name === 'volumes')?.volumes;
  if (!room) return null;
  if (count > room.count) {
    return `${count} volumes are needed, and the quota has room for ${room.count}`;
  }
  return size * gib > room.bytes
    ? `volumes of ${size} GiB at least are needed, and the quota has room for ${Math.floor(room.bytes / gib)}`
    : null;
}

/** Why a guest is too large for a strategy that would do otherwise, or null. */
function roomObstacle(
  offered: OfferedStrategy,
  way: AnswerWay,
  request: DeliveryRequest,
): string | null {
  // A floppy is the server's own image: then the disk is a volume.
  const floppy = way.carrier === 'medium' && request.device === 'floppy';
  const diskIsVolume = offered.name === 'volumes' || floppy;
  const unsized = diskIsVolume ? null : sizeObstacle(offered, request);
  if (unsized !== null || offered.name === 'rescue') return unsized;
  const media = mediaOf(way, request) - (floppy ? 1 : 0);
  return volumesObstacle(request, {
    count: media + (diskIsVolume ? 1 : 0),
    size: media + (diskIsVolume ? inGib(request.disk) : 0),
  });
}

type Strategy = NonNullable<PlannedInstall['strategy']>;
type Attempt = { strategy?: Strategy } | { why: string };

/** The first strategy that goes with the way. */
function attempt(way: AnswerWay, request: DeliveryRequest): Attempt {
  const why = obstacle(way, request);
  if (why !== null) return { why };
  const { strategies } = request.capabilities;
  if (!strategies) {
    const crowded = tooManyMedia(way, request);
    return crowded === null ? {} : { why: crowded };
  }
  const rejected: Strategy['rejected'] = [];
  for (const offered of strategies) {
    const { name, possible, reason } = offered;
    const { strategy } = request.asked;
    const unasked = strategy !== undefined && strategy !== name;
    const unfit = possible
      ? (fits[name](way, request) ?? roomObstacle(offered, way, request))
      : reason;
    if (!unasked && unfit === null) return { strategy: { name, reason, rejected } };
    rejected.push({ name, reason: unasked ? `oz.cfg asks for ${strategy}` : (unfit ?? reason) });
  }
  const whys = rejected.map((one) => `${one.name}: ${one.reason}`);
  return { why: whys.join(', ') || 'no way to start an installer here' };
}

/** Throws OZ_PLAN_DELIVERY with every reason when no delivery is possible. */
export function chooseDelivery(request: DeliveryRequest): ChosenDelivery {
  const rejected: PlannedInstall['delivery']['rejected'] = [];
  for (const way of request.ways) {
    const tried = attempt(way, request);
    if (!('why' in tried)) {
      const delivery = { kind: way.kind, reason: reasonOf(way), rejected };
      return { way, delivery, strategy: tried.strategy };
    }
    rejected.push({ kind: way.kind, reason: tried.why });
  }
  const whys = [...new Set(rejected.map((r) => `${r.kind}: ${r.reason}`))];
  throw new OzError(
    'OZ_PLAN_DELIVERY',
    `Cannot hand the answer file to the installer: ${whys.join('; ')}`,
    {
      hint:
        request.asked.strategy || request.asked.carrier
          ? 'leave [openstack] strategy and answer to us, or choose another install type in the TDL'
          : 'choose another backend, or another install type in the TDL',
    },
  );
}
