/** Which virtual hardware a guest gets: what the OS supports, then what the user asks for. */
import type { Arch, Capabilities, Hardware, RngDevice } from '../../backends/backend.ts';
import type { Device, OsEntity, Osinfo, OsResources } from '../../osinfo/types.ts';
import { OzError } from '../base/errors.ts';
import type { OzConfig } from '../config/types.ts';
import type { PlanOptions } from './input.ts';
import { needsCx16 } from './processor.ts';

/** In order of preference: how the database names a device, and libvirt's model. */
const nics: readonly [RegExp, string][] = [
  [/^virtio(1\.0)?-net$/, 'virtio'],
  [/^e1000e$/, 'e1000e'],
  [/^e1000$/, 'e1000'],
  [/^rtl8139$/, 'rtl8139'],
  [/^ne2k_pci$/, 'ne2k_pci'],
  [/^pcnet$/, 'pcnet'],
];
const disks: readonly [RegExp, Hardware['diskBus']][] = [
  [/^virtio(1\.0)?-block$/, 'virtio'],
  [/^virtio(1\.0)?-scsi$/, 'scsi'],
];
const videos: readonly [RegExp, string][] = [[/^virtio(1\.0)?-(gpu|vga)$/, 'virtio']];
const inputs: readonly [RegExp, Hardware['input']][] = [
  [/^tablet$/, { type: 'tablet', bus: 'usb' }],
  [/^virtio(1\.0)?-input$/, { type: 'tablet', bus: 'virtio' }],
];
const rngs: readonly [RegExp, string][] = [[/^virtio(1\.0)?-rng$/, 'virtio']];

const diskBuses: readonly Hardware['diskBus'][] = ['virtio', 'ide', 'sata', 'scsi', 'usb'];
const nicNames = /^[a-z0-9][a-z0-9_.-]{0,31}$/;

const mib = 1024 * 1024;
/** MiB; Oz's default, and enough for every installer of its time. */
const ordinaryMemory = 2048;
/** Oz gives one; an installer unpacks and configures quicker with two where the host has them. */
const ordinaryCpus = 2;

/** The database gives XP and 2003 an e1000, but their driver is for other cards of that name. */
function nicOf({ family, version }: OsEntity, devices: readonly Device[]): string {
  const old = family === 'winnt' && Number.parseFloat(version) < 6;
  return (old ? undefined : pick(devices, nics)) ?? 'rtl8139';
}

function pick<T>(devices: readonly Device[], table: readonly [RegExp, T][]): T | undefined {
  const names = devices.map((device) => device.name ?? '');
  return table.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1];
}

function isX86(arch: Arch): boolean {
  return arch === 'x86_64' || arch === 'i386';
}

function diskBusOf(option: string | undefined): Hardware['diskBus'] | undefined {
  if (option === undefined) return undefined;
  const bus = diskBuses.find((known) => known === option);
  if (!bus) {
    throw new OzError('OZ_OPTION_DISK_BUS', `Cannot use disk bus ${option}: no such bus`, {
      hint: `choose one of ${diskBuses.join(', ')}`,
      exitCode: 2,
    });
  }
  return bus;
}

function nicModelOf(option: string | undefined): string | undefined {
  if (option !== undefined && !nicNames.test(option)) {
    throw new OzError('OZ_OPTION_NIC', `Cannot use network device ${option}: no such model`, {
      hint: 'choose one that the hypervisor knows, such as virtio, e1000 or rtl8139',
      exitCode: 2,
    });
  }
  return option;
}

function rngOf(config: OzConfig['libvirt'], supported: string | undefined): RngDevice | undefined {
  if (config.rngModel === 'none') return undefined;
  if (!supported && !config.rngModel && !config.rngDevice) return undefined;
  return {
    model: supported ?? 'virtio',
    device: config.rngDevice ?? '/dev/urandom',
    rateBytes: config.rngRateBytes ?? 1024,
    ratePeriod: config.rngRatePeriod ?? 1000,
  };
}

/** What machines of an architecture start by; those of IBM have firmware of their own. */
const firmwares: Partial<Record<Arch, readonly Hardware['firmware'][]>> = {
  i386: ['bios', 'efi'],
  x86_64: ['bios', 'efi'],
  aarch64: ['efi'],
  armv7l: ['efi'],
};

/**
 * EFI where there is nothing else, where the database says that the PC's BIOS will not do, or where
 * the user wants it. Throws OZ_PLAN_FIRMWARE for what can't be had.
 */
function firmwareOf({ os, arch, osinfo, config }: HardwareInput): Hardware['firmware'] {
  const { firmware: asked } = config.libvirt;
  const possible = (firmwares[arch] ?? ['bios']).filter(
    (one) => !isX86(arch) || osinfo.firmware(os, arch, one) !== false,
  );
  if (asked === undefined) return possible[0] ?? 'bios';
  if (possible.includes(asked)) return asked;
  throw new OzError(
    'OZ_PLAN_FIRMWARE',
    `Cannot give ${os.name} on ${arch} the firmware ${asked}: it does not start by that`,
    { hint: 'set [libvirt] firmware = auto in oz.cfg' },
  );
}

/** What fills the gaps of the database, by the kind of machine. */
function machineOf(arch: Arch, firmware: Hardware['firmware']) {
  if (!isX86(arch)) return { diskBus: 'scsi', cdromBus: 'scsi' } as const;
  // firmware of the EFI kind is made for q35, which has no IDE
  if (firmware === 'efi') return { machine: 'q35', diskBus: 'sata', cdromBus: 'sata' } as const;
  return { diskBus: 'ide', cdromBus: 'ide' } as const;
}

/** Installers on a screen are watched over VNC, where only a tablet follows the pointer. */
const watched = new Set(['winnt', 'freebsd']);

/** Every PC has VGA and a PS/2 mouse, with drivers in every system: what else it has is no gain here. */
function screenOf(
  { family }: OsEntity,
  arch: Arch,
  devices: readonly Device[],
): Pick<Hardware, 'video' | 'input'> {
  if (isX86(arch)) {
    const input = watched.has(family)
      ? ({ type: 'tablet', bus: 'usb' } as const)
      : ({ type: 'mouse', bus: 'ps2' } as const);
    return { video: 'vga', input };
  }
  return {
    video: pick(devices, videos) ?? (arch === 'ppc64' || arch === 'ppc64le' ? 'vga' : 'virtio'),
    input: pick(devices, inputs) ?? { type: 'tablet', bus: 'usb' },
  };
}

const inMib = (bytes: number | undefined): number => Math.ceil((bytes ?? 0) / mib);

/** Bytes that an installer needs; one that fetches itself over the network holds itself in memory. */
function leastMemory({ minimum, networkInstall }: OsResources, network: boolean | undefined) {
  return Math.max(minimum?.ram ?? 0, network ? (networkInstall?.ram ?? 0) : 0);
}

/** MiB: Oz's, or more where the system needs it, or wants it and there is so much to spare. */
function memoryOf(needs: OsResources, { host, largest, network }: HardwareInput): number {
  const spare = largest?.memory ?? Math.floor(host.memory / 2);
  const wanted = Math.min(inMib(needs.recommended?.ram), spare);
  return Math.max(ordinaryMemory, inMib(leastMemory(needs, network)), wanted);
}

function cpusOf(needs: OsResources, { host, largest }: HardwareInput): number {
  const wanted = Math.max(needs.recommended?.cpus ?? 1, ordinaryCpus);
  return Math.max(needs.minimum?.cpus ?? 1, Math.min((largest ?? host).cpus, wanted));
}

/** Systems whose installer asks for a TPM and secure boot; the database does not tell. */
const asksForTrust = /^win1[1-9]/;

/** Given where the place has them: our own answer files let such a system in without. */
function trustOf(
  { shortId }: OsEntity,
  firmware: Hardware['firmware'],
  trust: HardwareInput['trust'],
): Pick<Hardware, 'tpm' | 'secureBoot'> {
  if (firmware !== 'efi' || !trust || !asksForTrust.test(shortId)) return {};
  return {
    ...(trust.secureBoot ? { secureBoot: true } : {}),
    ...(trust.tpm ? { tpm: true } : {}),
  };
}

export interface HardwareInput {
  os: OsEntity;
  arch: Arch;
  osinfo: Osinfo;
  config: OzConfig;
  options: PlanOptions;
  host: { cpus: number; memory: number };
  /** What guests elsewhere can have at most. */
  largest?: Capabilities['largest'];
  /** The hypervisor's id in osinfo, where it is known. */
  platform: string | undefined;
  /** Which of these the place can give. */
  trust?: Capabilities['trust'];
  /** Whether the installer comes out of a tree on the network. */
  network?: boolean | undefined;
}

/** The hardware for one OS on one architecture. */
export function chooseHardware(input: HardwareInput): Hardware {
  const { os, arch, osinfo, config, options, platform } = input;
  const devices = osinfo.devices(os, platform);
  const needs = osinfo.resources(os, arch);
  const firmware = firmwareOf(input);
  const machine = machineOf(arch, firmware);
  return {
    arch,
    ...('machine' in machine ? { machine: machine.machine } : {}),
    firmware,
    ...trustOf(os, firmware, input.trust),
    memory: config.libvirt.memory ?? memoryOf(needs, input),
    cpus: config.libvirt.cpus ?? cpusOf(needs, input),
    ...(needsCx16(os.shortId, arch) ? { cx16: true } : {}),
    diskBus: diskBusOf(options.diskBus) ?? pick(devices, disks) ?? machine.diskBus,
    cdromBus: machine.cdromBus,
    nicModel: nicModelOf(options.nicModel) ?? nicOf(os, devices),
    mac: options.mac,
    ...screenOf(os, arch, devices),
    clock: os.family === 'winnt' ? 'localtime' : 'utc',
    rng: rngOf(config.libvirt, pick(devices, rngs)),
  };
}

/** What such a system's installer will miss, where the answers are the user's own. */
export function trustWarnings(
  { name, shortId }: Pick<OsEntity, 'name' | 'shortId'>,
  hardware: Hardware,
  ownAnswer: boolean,
): string[] {
  if (!ownAnswer || !asksForTrust.test(shortId)) return [];
  const missing = [
    ...(hardware.tpm ? [] : ['a TPM']),
    ...(hardware.secureBoot ? [] : ['secure boot']),
  ].join(' and ');
  return missing
    ? [`${name} asks for ${missing}, which this place does not have: let the answer file lift that`]
    : [];
}

/** What the user has set below what the system needs. */
export function hardwareWarnings(
  needs: OsResources,
  hardware: Hardware,
  diskSize: number,
): string[] {
  const { ram, cpus, storage } = needs.minimum ?? {};
  const short: [boolean, string][] = [
    [hardware.memory < inMib(ram), `${hardware.memory} MiB of memory; it needs ${inMib(ram)} MiB`],
    [hardware.cpus < (cpus ?? 0), `${hardware.cpus} CPUs; it needs ${cpus}`],
    [diskSize < (storage ?? 0), `a disk of ${inMib(diskSize)} MiB; it needs ${inMib(storage)} MiB`],
  ];
  return short.flatMap(([is, text]) => (is ? [`the guest gets ${text}`] : []));
}
