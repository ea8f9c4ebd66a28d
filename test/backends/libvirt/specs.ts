/** Guests of many kinds, for golden XML and for libvirt's own schema. */
import type { GuestSpec, Hardware } from '../../../backends/backend.ts';
import type { DomainHost } from '../../../backends/libvirt/domain-xml.ts';

export const pcHardware: Hardware = {
  arch: 'x86_64',
  firmware: 'bios',
  memory: 2048,
  cpus: 2,
  diskBus: 'virtio',
  cdromBus: 'ide',
  nicModel: 'virtio',
  video: 'vga',
  input: { type: 'tablet', bus: 'usb' },
  clock: 'utc',
  rng: { model: 'virtio', device: '/dev/urandom', rateBytes: 1024, ratePeriod: 1000 },
};

export const kernelSpec: GuestSpec = {
  name: 'debian-13',
  uuid: '6f1b1c9e-6a3f-4b9b-9d4a-5a8d8c0f0001',
  hardware: pcHardware,
  boot: {
    kind: 'kernel',
    kernel: { role: 'kernel', ref: '/var/lib/oz/kernels/debian13-kernel', label: 'kernel' },
    initrd: { role: 'initrd', ref: '/var/lib/oz/kernels/debian13-ramdisk', label: 'initrd' },
    cmdline: 'auto=true priority=critical console=ttyS0 --- quiet',
  },
  disk: { ref: '/var/lib/libvirt/images/debian-13.qcow2', format: 'qcow2', size: 10 * 2 ** 30 },
  media: [],
  purpose: 'install',
  consoleLog: '/var/lib/oz/log/console.log',
};

const iso = { role: 'installer', ref: '/isos/a.iso', label: 'installer' } as const;

export interface SpecCase {
  name: string;
  spec: GuestSpec;
  host: DomainHost;
}

const session: DomainHost = { uri: 'qemu:///session', type: 'qemu' };
const system: DomainHost = { uri: 'qemu:///system', type: 'kvm', bridge: 'virbr0' };

const hardware = (changes: Partial<Hardware>): Hardware => ({ ...pcHardware, ...changes });

export const cases: SpecCase[] = [
  { name: 'session-kernel-install', spec: kernelSpec, host: session },
  { name: 'system-kernel-install', spec: kernelSpec, host: system },
  {
    name: 'system-run',
    spec: { ...kernelSpec, purpose: 'run', boot: { kind: 'disk' } },
    host: system,
  },
  {
    name: 'remote-install',
    spec: kernelSpec,
    host: { ...system, uri: 'qemu+ssh://builder@host.example/system' },
  },
  {
    name: 'cdrom-and-floppy',
    spec: {
      ...kernelSpec,
      boot: { kind: 'cdrom' },
      hardware: hardware({
        diskBus: 'ide',
        nicModel: 'rtl8139',
        clock: 'localtime',
        input: { type: 'mouse', bus: 'ps2' },
        rng: undefined,
      }),
      media: [
        { role: 'answer', ref: '/floppies/a.img', label: 'answers', device: 'floppy' },
        iso,
        { role: 'drivers', ref: '/isos/virtio.iso', label: 'drivers', device: 'cdrom' },
      ],
    },
    host: system,
  },
  {
    name: 'q35-efi-tpm-usb',
    spec: {
      ...kernelSpec,
      title: 'Windows <11> & "more"',
      boot: { kind: 'cdrom' },
      hardware: hardware({
        machine: 'q35',
        firmware: 'efi',
        secureBoot: true,
        tpm: true,
        diskBus: 'sata',
        cdromBus: 'sata',
        nicModel: 'e1000',
        mac: '52:54:00:11:22:33',
      }),
      media: [iso, { role: 'answer', ref: '/usb/a.img', label: 'answers', device: 'usb' }],
    },
    host: system,
  },
  {
    name: 'aarch64-scsi',
    spec: {
      ...kernelSpec,
      hardware: hardware({
        arch: 'aarch64',
        firmware: 'efi',
        diskBus: 'virtio',
        cdromBus: 'scsi',
        video: 'virtio',
      }),
      media: [iso],
    },
    host: { ...session },
  },
  {
    name: 's390x-no-screen',
    spec: {
      ...kernelSpec,
      boot: { kind: 'disk' },
      hardware: hardware({ arch: 's390x', cdromBus: 'scsi', video: 'none' }),
    },
    host: system,
  },
  {
    name: 'i386-e1000-owner',
    spec: {
      ...kernelSpec,
      boot: { kind: 'disk' },
      hardware: hardware({ arch: 'i386', diskBus: 'scsi', nicModel: 'e1000', video: 'cirrus' }),
      disk: { ref: "/images/it's <a> disk & more.dsk", format: 'raw', size: 1 },
    },
    host: { ...session, owner: '0:0' },
  },
];
