/** Which virtual hardware a guest gets: what the OS supports, then what the user asks for. */
import type { Arch, Hardware, RngDevice } from '../../backends/backend.ts';
import type { Device, OsEntity, Osinfo } from '../../osinfo/types.ts';
import { OzError } from '../base/errors.ts';
import type { OzConfig } from '../config/types.ts';
import type { PlanOptions } from './input.ts';

/** In order of preference: how the database names a device, and libvirt's model. */
const nics: readonly [RegExp, string][] = [
  [/^virtio(1\.0)?-net$/, 'virtio'],
  [/^e1000e$/, 'e1000e'],
  [/^e1000$/, 'e1000'],
  [/^rtl8139$/, 'rtl8139'],
  [/^ne2k_pci$/, 'ne2k_pci'],
  [/^pcnet$/, 'pcnet'],
];
const disks: readonly [RegExp, Hardware['diskBus']][] = [[/^virtio(1\.0)?-block$/, 'virtio']];
const rngs: readonly [RegExp, string][] = [[/^virtio(1\.0)?-rng$/, 'virtio']];

const diskBuses: readonly Hardware['diskBus'][] = ['virtio', 'ide', 'sata', 'scsi', 'usb'];
const nicNames = /^[a-z0-9][a-z0-9_.-]{0,31}$/;

const mib = 1024 * 1024;
/** MiB; Oz's default, and enough for every installer of its time. */
const ordinaryMemory = 2048;
/** Oz gives one; an installer unpacks and configures quicker with two where the host has them. */
const ordinaryCpus = 2;

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

/** The hardware for one OS on one architecture. */
export function chooseHardware(
  os: OsEntity,
  arch: Arch,
  osinfo: Osinfo,
  config: OzConfig,
  options: PlanOptions,
  host: { cpus: number },
): Hardware {
  const devices = osinfo.devices(os);
  const { minimum, recommended } = osinfo.resources(os, arch);
  const neededMemory = Math.ceil((minimum?.ram ?? 0) / mib);
  const bios = osinfo.firmware(os, arch, 'bios');
  return {
    arch,
    firmware: isX86(arch) && bios !== false ? 'bios' : 'efi',
    memory: config.libvirt.memory ?? Math.max(ordinaryMemory, neededMemory),
    cpus:
      config.libvirt.cpus ?? Math.max(recommended?.cpus ?? 1, Math.min(host.cpus, ordinaryCpus)),
    diskBus: diskBusOf(options.diskBus) ?? pick(devices, disks) ?? (isX86(arch) ? 'ide' : 'scsi'),
    cdromBus: isX86(arch) ? 'ide' : 'scsi',
    nicModel: nicModelOf(options.nicModel) ?? pick(devices, nics) ?? 'rtl8139',
    mac: options.mac,
    video: isX86(arch) ? 'vga' : 'virtio',
    input: isX86(arch) ? { type: 'mouse', bus: 'ps2' } : { type: 'tablet', bus: 'usb' },
    clock: os.family === 'winnt' ? 'localtime' : 'utc',
    rng: rngOf(config.libvirt, pick(devices, rngs)),
  };
}
