/** Domain XML from a GuestSpec; pure. The shape is Oz's wherever there is no reason against. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Arch, Boot, GuestSpec, Hardware, StagedMedium } from '../backend.ts';
import { XMLBuilder } from './fast-xml.ts';
import { readUri } from './uri.ts';

/** What the place adds to a spec. */
export interface DomainHost {
  uri: string;
  /** `kvm`, `qemu`, …; absent: kvm, as a place that can do it would choose. */
  type?: string | undefined;
  /** The bridge guests are attached to, unless the URI means user-mode networking. */
  bridge?: string | undefined;
  /** Numeric `uid:gid` that QEMU must run as to reach the guest's files; absent: libvirt's choice. */
  owner?: string | undefined;
  /** Whether QEMU's own processor has a right cmpxchg16b; absent: it is not known. */
  cx16?: boolean | undefined;
}

type Attributes = Record<string, string | number | undefined>;
type Node = { [tag: string]: Child[] | Attributes } | { '#text': string };
type Child = Node | string;

/** One element; undefined attributes and children are left out. */
function element(
  tag: string,
  attributes: Attributes = {},
  children: readonly (Child | undefined | false)[] = [],
): Node {
  const present = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return {
    [tag]: children
      .filter((child): child is Child => child !== undefined && child !== false)
      .map((child) => (typeof child === 'string' ? { '#text': child } : child)),
    ...(present.length > 0 && {
      ':@': Object.fromEntries(present.map(([name, value]) => [`@_${name}`, String(value)])),
    }),
  } as Node;
}

/** An XML document of one element, indented, with a final newline. */
export function toXml(root: Node): string {
  const builder = new XMLBuilder({
    preserveOrder: true,
    ignoreAttributes: false,
    format: true,
    indentBy: '  ',
    suppressEmptyNode: true,
    // The default leaves attributes that are the text "true" without a value.
    suppressBooleanAttributes: false,
  });
  return `${(builder.build([root]) as string).trim()}\n`;
}

export { element as xmlElement };

const x86: readonly Arch[] = ['i386', 'x86_64'];
const arm: readonly Arch[] = ['aarch64', 'armv7l'];

/** libvirt's name of an architecture. */
export function libvirtArch(arch: Arch): string {
  return arch === 'i386' ? 'i686' : arch;
}

/** The MAC address of a guest without one of its own: QEMU's prefix, stable for its UUID. */
export function macOf(spec: Pick<GuestSpec, 'uuid' | 'hardware'>): string {
  if (spec.hardware.mac) return spec.hardware.mac;
  const hash = createHash('sha256').update(spec.uuid).digest('hex');
  return `52:54:00:${hash.slice(0, 2)}:${hash.slice(2, 4)}:${hash.slice(4, 6)}`;
}

const prefixes: Record<string, string> = {
  virtio: 'vd',
  ide: 'hd',
  sata: 'sd',
  scsi: 'sd',
  usb: 'sd',
  fdc: 'fd',
};

/**
 * Hands out device names in the order guests and Oz expect: a CD on IDE is hdc first. Libvirt
 * starts the CD with the lowest name, so three of them begin with hdb.
 */
function deviceNames(cdroms: number): (bus: string, cdrom?: boolean) => string {
  const used = new Set<string>();
  return (bus, cdrom = false) => {
    const prefix = prefixes[bus] ?? 'vd';
    const letters = bus === 'ide' && cdrom ? (cdroms > 2 ? 'bcda' : 'cdba') : 'abcdefghijklmnop';
    const letter = [...letters].find((candidate) => !used.has(prefix + candidate)) ?? 'z';
    used.add(prefix + letter);
    return prefix + letter;
  };
}

/** Where the names of the guest's disk and media come from, for the XML as for statistics. */
export function diskTargets(spec: GuestSpec): string[] {
  const name = deviceNames(spec.media.filter(isCdrom).length);
  return [
    name(spec.hardware.diskBus),
    ...orderedMedia(spec).map((medium) => name(busOf(medium, spec.hardware), isCdrom(medium))),
  ];
}

const isCdrom = (medium: StagedMedium) => (medium.device ?? 'cdrom') === 'cdrom';

/** The installer's medium first: `<boot dev='cdrom'>` starts the first one. */
function orderedMedia(spec: GuestSpec): StagedMedium[] {
  return [...spec.media].sort(
    (a, b) => Number(b.role === 'installer') - Number(a.role === 'installer'),
  );
}

function busOf(medium: StagedMedium, hardware: Hardware): string {
  const buses = { cdrom: hardware.cdromBus, floppy: 'fdc', usb: 'usb' };
  return buses[medium.device ?? 'cdrom'];
}

function featuresOf(arch: Arch): Node {
  const names = x86.includes(arch) ? ['acpi', 'apic', 'pae'] : arch === 'aarch64' ? ['acpi'] : [];
  return element(
    'features',
    {},
    names.map((name) => element(name)),
  );
}

function cpuOf(type: string, arch: Arch, cx16: boolean): Node | undefined {
  if (type === 'kvm') return element('cpu', { mode: 'host-passthrough' });
  if (type !== 'qemu') return undefined;
  if (!x86.includes(arch) && arch !== 'aarch64') return undefined;
  // Without this libvirt takes qemu64, on which EL9 and newer die at once. Where the emulation
  // of cmpxchg16b corrupts flags, guests must not see it: recent kernels use it themselves.
  return element('cpu', { mode: 'maximum' }, [
    x86.includes(arch) && !cx16 && element('feature', { policy: 'disable', name: 'cx16' }),
  ]);
}

/** EFI variables live beside the console log and go with it. */
export function nvramPath(spec: GuestSpec): string {
  return path.join(path.dirname(spec.consoleLog), `${spec.name}_VARS.fd`);
}

function osOf(spec: GuestSpec, host: DomainHost, boot: Boot, finished: boolean): Node {
  const { hardware } = spec;
  const efi = hardware.firmware === 'efi';
  const machine = hardware.machine ?? (arm.includes(hardware.arch) ? 'virt' : undefined);
  return element('os', { firmware: efi ? 'efi' : undefined }, [
    element('type', { arch: libvirtArch(hardware.arch), machine }, ['hvm']),
    efi &&
      hardware.secureBoot !== undefined &&
      element('firmware', {}, [
        element('feature', { enabled: hardware.secureBoot ? 'yes' : 'no', name: 'secure-boot' }),
      ]),
    efi && !finished && !readUri(host.uri).remote && element('nvram', {}, [nvramPath(spec)]),
    ...(boot.kind === 'kernel'
      ? [
          element('kernel', {}, [boot.kernel.ref]),
          element('initrd', {}, [boot.initrd.ref]),
          element('cmdline', {}, [boot.cmdline]),
        ]
      : [element('boot', { dev: boot.kind === 'cdrom' ? 'cdrom' : 'hd' })]),
  ]);
}

function disksOf(spec: GuestSpec, host: DomainHost, finished: boolean): Node[] {
  const [diskName, ...mediaNames] = diskTargets(spec);
  // A remote host's disk can't be synced from here after the install.
  const unsafe = spec.purpose === 'install' && !readUri(host.uri).remote;
  const options = finished ? {} : { cache: unsafe ? 'unsafe' : undefined, discard: 'unmap' };
  const disk = element('disk', { device: 'disk', type: 'file' }, [
    element('driver', { name: 'qemu', type: spec.disk.format, ...options }),
    spec.disk.ref !== '' && element('source', { file: spec.disk.ref }),
    element('target', { dev: diskName, bus: spec.hardware.diskBus }),
  ]);
  if (finished) return [disk];
  const media = orderedMedia(spec).map((medium, index) => {
    const kind = medium.device ?? 'cdrom';
    return element('disk', { device: kind === 'usb' ? 'disk' : kind, type: 'file' }, [
      element('driver', { name: 'qemu', type: medium.base === undefined ? 'raw' : 'qcow2' }),
      element('source', { file: medium.ref }),
      element('target', { dev: mediaNames[index], bus: busOf(medium, spec.hardware) }),
      element('readonly'),
    ]);
  });
  return [disk, ...media];
}

function networkOf(spec: GuestSpec, host: DomainHost): Node {
  const user = readUri(host.uri).userNetworking;
  return element('interface', { type: user ? 'user' : 'bridge' }, [
    !user && element('source', { bridge: host.bridge ?? 'virbr0' }),
    element('mac', { address: macOf(spec) }),
    element('model', { type: spec.hardware.nicModel }),
  ]);
}

function serialOf(spec: GuestSpec, host: DomainHost, finished: boolean): Node {
  const logged = !finished && spec.consoleLog !== '' && !readUri(host.uri).remote;
  // Nobody reads a pty here: once its buffer is full, the guest would wait for each character.
  return element('serial', { type: finished ? 'pty' : 'null' }, [
    logged && element('log', { file: spec.consoleLog, append: 'on' }),
    element('target', { port: '0' }),
  ]);
}

function rngOf({ rng }: Hardware): Node | undefined {
  if (!rng) return undefined;
  // Oz's rng_model names the backend's model; `virtio` is the guest's side of it.
  const backend = rng.model === 'virtio' ? 'random' : rng.model;
  return element('rng', { model: 'virtio' }, [
    element('rate', { bytes: rng.rateBytes, period: rng.ratePeriod }),
    element('backend', { model: backend }, backend === 'random' ? [rng.device] : []),
  ]);
}

/**
 * A socket while building: a port is open to every user of the machine, and
 * two libvirt daemons choosing at once may choose the same one.
 */
function graphicsOf(finished: boolean): Node {
  return finished
    ? element('graphics', { type: 'vnc', port: '-1', autoport: 'yes', listen: '127.0.0.1' })
    : element('graphics', { type: 'vnc' }, [element('listen', { type: 'socket' })]);
}

function usesBus(spec: GuestSpec, bus: string): boolean {
  return (
    spec.hardware.diskBus === bus ||
    spec.media.some((medium) => busOf(medium, spec.hardware) === bus)
  );
}

function devicesOf(spec: GuestSpec, host: DomainHost, finished: boolean): Node {
  const { hardware } = spec;
  const screen = hardware.arch !== 's390x' && hardware.video !== 'none';
  const input = hardware.arch !== 's390x';
  const isArm = arm.includes(hardware.arch);
  return element('devices', {}, [
    ...disksOf(spec, host, finished),
    // Systems that know virtio have its SCSI controller's driver, not libvirt's default's.
    usesBus(spec, 'scsi') &&
      hardware.nicModel === 'virtio' &&
      element('controller', { type: 'scsi', index: '0', model: 'virtio-scsi' }),
    isArm && element('controller', { type: 'usb', index: '0' }),
    networkOf(spec, host),
    serialOf(spec, host, finished),
    // Oz's announcement port, without its TCP listener; oz-customize puts its own in this place.
    finished &&
      element('serial', { type: 'pty' }, [
        element('target', {
          port: '1',
          type: hardware.arch === 's390x' ? 'sclp-serial' : undefined,
        }),
      ]),
    input && element('input', { type: hardware.input.type, bus: hardware.input.bus }),
    isArm && element('input', { type: 'keyboard', bus: 'usb' }),
    hardware.tpm &&
      element('tpm', { model: 'tpm-crb' }, [
        element('backend', { type: 'emulator', version: '2.0' }),
      ]),
    screen && graphicsOf(finished),
    hardware.arch !== 's390x' && element('video', {}, [element('model', { type: hardware.video })]),
    rngOf(hardware),
  ]);
}

/** Ours: what <metadata> says of an image that is in a cloud. */
const metadataNamespace = 'urn:ozma:domain:1';

function metadataOf({ published }: GuestSpec): Node | undefined {
  if (!published) return undefined;
  const { at, id, name, digest, userData } = published;
  return element('metadata', {}, [
    element('ozma:published', {
      'xmlns:ozma': metadataNamespace,
      cloud: at,
      image: id,
      name,
      ...(digest && { [digest.algorithm]: digest.value }),
      ...(userData !== undefined && { 'user-data': userData ? 'yes' : 'no' }),
    }),
  ]);
}

function domain(spec: GuestSpec, host: DomainHost, boot: Boot, finished: boolean): string {
  const { hardware } = spec;
  const type = host.type ?? 'kvm';
  const install = finished || spec.purpose === 'install';
  return toXml(
    element('domain', { type }, [
      element('name', {}, [spec.name]),
      element('uuid', {}, [spec.uuid]),
      spec.title !== undefined && element('title', {}, [spec.title]),
      metadataOf(spec),
      element('memory', { unit: 'MiB' }, [String(hardware.memory)]),
      element('currentMemory', { unit: 'MiB' }, [String(hardware.memory)]),
      element('vcpu', {}, [String(hardware.cpus)]),
      osOf(spec, host, boot, finished),
      featuresOf(hardware.arch),
      cpuOf(type, hardware.arch, host.cx16 === true),
      element('clock', { offset: hardware.clock }),
      element('on_poweroff', {}, ['destroy']),
      element('on_reboot', {}, [install ? 'destroy' : 'restart']),
      element('on_crash', {}, ['destroy']),
      devicesOf(spec, host, finished),
      !finished &&
        host.owner !== undefined &&
        element('seclabel', { type: 'static', model: 'dac', relabel: 'yes' }, [
          element('label', {}, [host.owner.replace(/(\d+)/g, '+$1')]),
        ]),
    ]),
  );
}

/** The domain that runs a guest; `boot` replaces the spec's. */
export function domainXml(spec: GuestSpec, host: DomainHost, boot: Boot = spec.boot): string {
  return domain(spec, host, boot, false);
}

/**
 * The domain that the user gets with the finished disk: no installer, no traces of the build.
 * Its disk has no <source> where the image is in a cloud only (an empty `disk.ref`).
 */
export function finishedXml(spec: GuestSpec, host: DomainHost): string {
  return domain({ ...spec, media: [] }, host, { kind: 'disk' }, true);
}
