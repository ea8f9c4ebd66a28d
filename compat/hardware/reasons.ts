/**
 * Why we may differ from Oz, as data: each reason has rows that say for which fact it stands,
 * what Oz has there and what we must have instead. What no row fits is wrong.
 */
import { libvirtArch } from '../../backends/libvirt/domain-xml.ts';
import type { OsEntity, Osinfo } from '../../osinfo/types.ts';
import type { Facts } from './domain-facts.ts';
import type { Combination } from './theirs.ts';

/** A fact on which the two sides differ, and what it stands in. */
export interface Difference {
  fact: string;
  theirs: string | undefined;
  ours: string | undefined;
  all: { theirs: Facts; ours: Facts };
  of: Combination;
  os: OsEntity;
  family: string;
  osinfo: Osinfo;
}

/** A value, or what it is made of; null: there is none. */
type Expected = string | RegExp | null | ((of: Difference) => string | null);

interface Row {
  fact: RegExp;
  theirs: Expected;
  ours: Expected;
  when?: (of: Difference) => boolean;
}

export interface Reason {
  name: string;
  rows: readonly Row[];
}

const isX86 = ({ of }: Difference) => of.arch === 'x86_64' || of.arch === 'i386';
const isArm = ({ of }: Difference) => of.arch === 'aarch64' || of.arch === 'armv7l';
const notX86 = (of: Difference) => !isX86(of);
const not = (test: (of: Difference) => boolean) => (of: Difference) => !test(of);
const either = (...tests: ((of: Difference) => boolean)[]) => {
  return (of: Difference) => tests.some((test) => test(of));
};
const both = (...tests: ((of: Difference) => boolean)[]) => {
  return (of: Difference) => tests.every((test) => test(of));
};
const onArch = (...arches: string[]) => {
  return ({ of }: Difference) => arches.includes(of.arch);
};
const fromUrl = ({ of }: Difference) => of.type === 'url';
const isFamily = (...names: string[]) => {
  return ({ family }: Difference) => names.includes(family);
};
const isEmulated = ({ all }: Difference) => all.ours['install @type'] === 'qemu';
const startsKernel = ({ all }: Difference) => all.ours['install os/kernel'] === 'kernel';
const theyStartKernel = ({ all }: Difference) => all.theirs['install os/kernel'] === 'kernel';
const onlyWeRestart = ({ all }: Difference) => all.theirs.restarts === '0';
const hasDevice = ({ osinfo, os }: Difference, name: RegExp) =>
  osinfo.devices(os).some((device) => name.test(device.name ?? ''));
const knowsRng = (of: Difference) => hasDevice(of, /^virtio(1\.0)?-rng$/);
/** The database has one entry for all updates of these, the first of which have no virtio. */
const oneEntry = ({ of }: Difference) =>
  /^(CentOS|SL|ScientificLinux)-4$/.test(of.distro) && /^U[89]$/.test(of.version);

const mib = 1024 * 1024;
/** The argument of the same meaning under another name. */
const theirArgument =
  (...names: string[]) =>
  ({ all }: Difference) =>
    names.map((name) => all.theirs[`argument ${name}`]).find((value) => value !== undefined) ??
    null;

const memoryNeeded = ({ osinfo, os, of }: Difference) => {
  const { minimum, networkInstall } = osinfo.resources(os, of.arch);
  const least = Math.max(
    minimum?.ram ?? 0,
    fromUrl({ of } as Difference) ? (networkInstall?.ram ?? 0) : 0,
  );
  return `${Math.ceil(least / mib) * 1024} KiB`;
};

const at = (path: string) => new RegExp(`^(install|restart|finished) ${path}$`);
const building = (path: string) => new RegExp(`^(install|restart) ${path}$`);
const finished = (path: string) => new RegExp(`^finished ${path}$`);
const argument = (name: string) => new RegExp(`^argument ${name}$`);
const medium = 'devices/disk\\[(cdrom|floppy|cdrom#2)\\]';
const disk = 'devices/disk\\[disk\\]';

const installUrl = 'http://mirror.test/os/netboot';
const kernelName =
  (role: 'kernel' | 'ramdisk') =>
  ({ of }: Difference) =>
    `data/kernels/${of.distro}${of.version}${of.arch}-${role}`;
const mediumName =
  (folder: string, ending: string) =>
  ({ of }: Difference) =>
    `data/${folder}/${of.distro}${of.version}${of.arch}${ending}`;

/**
 * Where Debian's and Ubuntu's archives keep the installers of their ports, below `images/`
 * (`*`: debian or ubuntu): Oz writes its own names of architectures into the path of PCs.
 */
const portsOfDebian: Readonly<Record<string, Record<string, string>>> = {
  'fetch kernel': {
    aarch64: 'netboot/*-installer/arm64/linux',
    armv7l: 'netboot/vmlinuz',
    ppc64le: 'netboot/*-installer/ppc64el/vmlinux',
    s390x: 'generic/kernel.*',
  },
  'fetch initrd': {
    aarch64: 'netboot/*-installer/arm64/initrd.gz',
    armv7l: 'netboot/initrd.gz',
    ppc64le: 'netboot/*-installer/ppc64el/initrd.gz',
    s390x: 'generic/initrd.*',
  },
};
function portUrl({ fact, theirs, of }: Difference): string | null {
  const port = portsOfDebian[fact]?.[of.arch];
  const ubuntu = of.distro === 'Ubuntu';
  const dir = ubuntu && of.arch === 'armv7l' ? 'generic/' : '';
  const tree = theirs?.replace(/\/netboot\/.*/, '');
  return port && tree ? `${tree}/${dir}${port.replace('*', ubuntu ? 'ubuntu' : 'debian')}` : null;
}

const reasons: readonly Reason[] = [
  {
    name: 'memory-of-later-oz',
    rows: [{ fact: at('(memory|currentMemory)'), theirs: '1048576 KiB', ours: '2097152 KiB' }],
  },
  {
    name: 'memory-needed',
    rows: [
      {
        fact: at('(memory|currentMemory)'),
        theirs: /^(1048576|2097152) KiB$/,
        ours: memoryNeeded,
      },
    ],
  },
  { name: 'two-cpus', rows: [{ fact: at('vcpu'), theirs: '1', ours: '2' }] },
  {
    name: 'disk-needed',
    rows: [
      {
        fact: /^disk size$/,
        theirs: String(10 * 1024 * mib),
        ours: ({ osinfo, os, of }) => String(osinfo.resources(os, of.arch).minimum?.storage),
      },
    ],
  },
  { name: 'title', rows: [{ fact: at('title'), theirs: null, ours: ({ os }) => os.name }] },
  {
    name: 'arch-named',
    rows: [{ fact: at('os/type@arch'), theirs: null, ours: ({ of }) => libvirtArch(of.arch) }],
  },
  {
    name: 'host-cpu',
    rows: [
      { fact: at('cpu@mode'), theirs: null, ours: 'host-passthrough', when: not(isArm) },
      { fact: at('cpu@mode'), theirs: 'custom', ours: 'host-passthrough', when: isArm },
      { fact: at('cpu(@match|/model|/model@fallback)'), theirs: /./, ours: null, when: isArm },
    ],
  },
  {
    name: 'emulated',
    rows: [
      { fact: at('cpu@mode'), theirs: null, ours: 'maximum', when: isEmulated },
      { fact: at('cpu/feature@name'), theirs: null, ours: 'cx16', when: both(isX86, isEmulated) },
      {
        fact: at('cpu/feature@policy'),
        theirs: null,
        ours: 'disable',
        when: both(isX86, isEmulated),
      },
      {
        fact: /^timeout$/,
        theirs: /./,
        ours: ({ theirs }) => String(6 * Number(theirs)),
        when: isEmulated,
      },
    ],
  },
  {
    name: 'features-by-arch',
    rows: [
      { fact: at('features'), theirs: null, ours: '', when: notX86 },
      {
        fact: at('features/acpi'),
        theirs: '',
        ours: null,
        when: not(either(isX86, onArch('aarch64'))),
      },
      { fact: at('features/(apic|pae)'), theirs: '', ours: null, when: notX86 },
    ],
  },
  {
    name: 'firmware-by-libvirt',
    rows: [
      { fact: at('os/loader(@.*)?'), theirs: /./, ours: null, when: isArm },
      { fact: at('os/nvram@template'), theirs: /./, ours: null, when: isArm },
      { fact: at('os@firmware'), theirs: null, ours: 'efi', when: isArm },
      { fact: building('os/nvram'), theirs: null, ours: '/probe/probe_VARS.fd', when: isArm },
    ],
  },
  {
    name: 'kernel-started',
    rows: [
      { fact: /^install os\/boot@dev$/, theirs: /^(cdrom|fd)$/, ours: null, when: startsKernel },
      {
        fact: /^install os\/(kernel|initrd)$/,
        theirs: null,
        ours: ({ fact }) => fact.slice('install os/'.length),
      },
    ],
  },
  {
    name: 'no-boot-iso',
    rows: [
      {
        fact: /^fetch (installer|floppy)$/,
        theirs: /\/(boot\.iso|bootnet\.img)$/,
        ours: null,
        when: both(fromUrl, startsKernel),
      },
      {
        fact: /^cache installer$/,
        theirs: mediumName('isos', '-url.iso'),
        ours: null,
        when: both(fromUrl, startsKernel),
      },
      {
        fact: /^cache floppy$/,
        theirs: mediumName('floppies', '.img'),
        ours: null,
        when: both(fromUrl, startsKernel),
      },
      {
        fact: /^fetch (kernel|initrd)$/,
        theirs: null,
        ours: new RegExp(`^${installUrl}/[\\w./]+$`),
        when: fromUrl,
      },
      { fact: /^cache kernel$/, theirs: null, ours: kernelName('kernel'), when: fromUrl },
      { fact: /^cache initrd$/, theirs: null, ours: kernelName('ramdisk'), when: fromUrl },
      {
        fact: building('devices/disk\\[cdrom\\].*'),
        theirs: /./,
        ours: null,
        when: both(fromUrl, startsKernel),
      },
    ],
  },
  {
    name: 'ports-of-debian',
    rows: [
      {
        fact: /^fetch (kernel|initrd)$/,
        theirs: /\/(aarch64|armv7l|ppc64le|s390x)\//,
        ours: portUrl,
        when: isFamily('debian-installer'),
      },
    ],
  },
  {
    name: 'layout-of-trees',
    rows: [
      {
        fact: /^fetch (kernel|initrd)$/,
        theirs: /\/images\/pxeboot\//,
        ours: /\/ppc\/ppc64\/(vmlinuz|initrd\.img)$/,
        when: onArch('ppc64', 'ppc64le'),
      },
      {
        fact: /^fetch (kernel|initrd)$/,
        theirs: /\/images\/pxeboot\//,
        ours: /\/images\/(kernel|initrd)\.img$/,
        when: onArch('s390x'),
      },
    ],
  },
  {
    name: 'iso-untouched',
    rows: [
      {
        fact: building('devices/disk\\[cdrom\\]/source@file'),
        theirs: 'rewritten installer',
        ours: 'installer',
      },
    ],
  },
  {
    name: 'media-spelled-out',
    rows: [
      { fact: building(`${medium}/driver@name`), theirs: null, ours: 'qemu' },
      { fact: building(`${medium}/driver@type`), theirs: null, ours: 'raw' },
      { fact: building(`${medium}/readonly`), theirs: null, ours: '' },
      {
        fact: building('devices/disk\\[cdrom\\]/target@bus'),
        theirs: null,
        ours: 'ide',
        when: isX86,
      },
      { fact: building('devices/disk\\[floppy\\]/target@bus'), theirs: null, ours: 'fdc' },
    ],
  },
  {
    name: 'answers-on-a-medium',
    rows: [
      {
        fact: building('devices/disk\\[(floppy|cdrom#2)\\]/source@file'),
        theirs: null,
        ours: 'answers',
      },
      { fact: building('devices/disk\\[(floppy|cdrom#2)\\]@type'), theirs: null, ours: 'file' },
      { fact: building('devices/disk\\[floppy\\]@device'), theirs: null, ours: 'floppy' },
      { fact: building('devices/disk\\[cdrom#2\\]@device'), theirs: null, ours: 'cdrom' },
      { fact: building('devices/disk\\[floppy\\]/target@dev'), theirs: null, ours: 'fda' },
      {
        fact: building('devices/disk\\[cdrom#2\\]/target@dev'),
        theirs: null,
        ours: /^(hdd|sd[a-d])$/,
      },
      {
        fact: building('devices/disk\\[cdrom#2\\]/target@bus'),
        theirs: null,
        ours: ({ all }) => all.ours['install devices/disk[cdrom]/target@bus'] ?? null,
      },
    ],
  },
  {
    name: 'answers-in-the-initrd',
    rows: [
      {
        fact: building('devices/disk\\[floppy\\].*'),
        theirs: /./,
        ours: null,
        when: both(isFamily('autoyast'), startsKernel),
      },
    ],
  },
  {
    name: 'no-ide',
    rows: [
      { fact: at(`${disk}/target@bus`), theirs: 'ide', ours: 'scsi', when: notX86 },
      { fact: at(`${disk}/target@dev`), theirs: 'hda', ours: 'sda', when: notX86 },
      {
        fact: building('devices/disk\\[cdrom\\]/target@bus'),
        theirs: null,
        ours: 'scsi',
        when: notX86,
      },
      {
        fact: building('devices/disk\\[cdrom\\]/target@dev'),
        theirs: 'hdc',
        ours: /^sd[ab]$/,
        when: notX86,
      },
    ],
  },
  {
    name: 'controllers-named',
    rows: [
      {
        fact: at('devices/controller\\[scsi\\]@(type|index|model)'),
        theirs: null,
        ours: /^(scsi|0|virtio-scsi)$/,
        when: notX86,
      },
      {
        fact: at('devices/controller\\[usb\\]@(type|index)'),
        theirs: null,
        ours: /^(usb|0)$/,
        when: isArm,
      },
    ],
  },
  {
    name: 'one-entry-for-all-updates',
    rows: [
      {
        fact: at(`${disk}/target@bus`),
        theirs: 'virtio',
        ours: (d) => (isX86(d) ? 'ide' : 'scsi'),
        when: oneEntry,
      },
      {
        fact: at(`${disk}/target@dev`),
        theirs: 'vda',
        ours: (d) => (isX86(d) ? 'hda' : 'sda'),
        when: oneEntry,
      },
      {
        fact: at('devices/interface/model@type'),
        theirs: 'virtio',
        ours: 'rtl8139',
        when: oneEntry,
      },
    ],
  },
  {
    name: 'nic-of-the-database',
    rows: [
      {
        fact: at('devices/interface/model@type'),
        theirs: 'rtl8139',
        ours: (of) =>
          ['e1000e', 'e1000'].find((name) => hasDevice(of, new RegExp(`^${name}$`))) ?? null,
        when: ({ os }) => os.family === 'winnt' && Number.parseFloat(os.version) >= 6,
      },
    ],
  },
  {
    name: 'disk-options',
    rows: [
      { fact: building(`${disk}/driver@cache`), theirs: null, ours: 'unsafe' },
      { fact: building(`${disk}/driver@discard`), theirs: null, ours: 'unmap' },
      { fact: finished(`${disk}/driver@discard`), theirs: 'unmap', ours: null },
    ],
  },
  {
    name: 'console-to-a-log',
    rows: [
      { fact: building('devices/serial\\[0\\]@type'), theirs: 'pty', ours: 'null' },
      {
        fact: building('devices/serial\\[0\\]/log@file'),
        theirs: null,
        ours: '/probe/console.log',
      },
      { fact: building('devices/serial\\[0\\]/log@append'), theirs: null, ours: 'on' },
    ],
  },
  {
    name: 'no-announcement',
    rows: [
      { fact: building('devices/serial\\[1\\].*'), theirs: /./, ours: null },
      { fact: finished('devices/serial\\[1\\]@type'), theirs: 'tcp', ours: 'pty' },
      { fact: finished('devices/serial\\[1\\]/(source|protocol)@.*'), theirs: /./, ours: null },
      {
        fact: finished('devices/serial\\[1\\]/target/model@name'),
        theirs: 'sclplmconsole',
        ours: null,
        when: onArch('s390x'),
      },
    ],
  },
  {
    name: 'no-installer-channel',
    rows: [
      {
        fact: /^install devices\/channel\[org\.fedoraproject\.anaconda\.log\.0\].*$/,
        theirs: /./,
        ours: null,
        when: isFamily('anaconda'),
      },
    ],
  },
  {
    name: 'vnc-kept-local',
    rows: [
      { fact: building('devices/graphics/listen@type'), theirs: null, ours: 'socket' },
      { fact: building('devices/graphics@port'), theirs: '-1', ours: null },
      { fact: finished('devices/graphics@autoport'), theirs: null, ours: 'yes' },
      { fact: finished('devices/graphics@listen'), theirs: null, ours: '127.0.0.1' },
    ],
  },
  {
    name: 'screen-on-arm',
    rows: [
      { fact: at('devices/graphics@type'), theirs: null, ours: 'vnc', when: isArm },
      { fact: finished('devices/graphics@port'), theirs: null, ours: '-1', when: isArm },
      {
        fact: at('devices/input\\[keyboard\\]@(type|bus)'),
        theirs: null,
        ours: /^(keyboard|usb)$/,
        when: isArm,
      },
    ],
  },
  {
    name: 'video-named',
    rows: [
      { fact: at('devices/video/model@type'), theirs: null, ours: 'vga', when: isX86 },
      { fact: at('devices/video/model@type'), theirs: null, ours: 'virtio', when: isArm },
      {
        fact: at('devices/video/model@type'),
        theirs: null,
        ours: /^(vga|virtio)$/,
        when: onArch('ppc64', 'ppc64le'),
      },
    ],
  },
  {
    name: 'no-ps2',
    rows: [
      {
        fact: at('devices/input\\[mouse\\]@(type|bus)'),
        theirs: /^(mouse|ps2)$/,
        ours: null,
        when: notX86,
      },
      {
        fact: at('devices/input\\[tablet\\]@type'),
        theirs: null,
        ours: 'tablet',
        when: both(notX86, not(onArch('s390x'))),
      },
      {
        fact: at('devices/input\\[tablet\\]@bus'),
        theirs: null,
        ours: /^(usb|virtio)$/,
        when: both(notX86, not(onArch('s390x'))),
      },
      {
        fact: at('devices/input\\[tablet\\]@(type|bus)'),
        theirs: /^(tablet|usb)$/,
        ours: null,
        when: onArch('s390x'),
      },
    ],
  },
  {
    name: 'rng-source',
    rows: [
      {
        fact: at('devices/rng/backend'),
        theirs: '/dev/random',
        ours: '/dev/urandom',
        when: knowsRng,
      },
    ],
  },
  {
    name: 'rng-not-known-to-guest',
    rows: [{ fact: at('devices/rng.*'), theirs: /./, ours: null, when: not(knowsRng) }],
  },
  {
    name: 'clock-of-freebsd',
    rows: [
      { fact: at('clock@offset'), theirs: 'localtime', ours: 'utc', when: isFamily('bsdinstall') },
    ],
  },
  {
    name: 'second-stage-before-the-end',
    rows: [
      {
        fact: /^restarts$/,
        theirs: '0',
        ours: '1',
        when: ({ of }) => of.distro === 'OpenSUSE' && of.version === '10.3',
      },
      {
        fact: /^restart .*$/,
        theirs: null,
        ours: ({ fact, all }) => all.ours[fact.replace(/^restart /, 'install ')] ?? null,
        when: both(isFamily('autoyast'), onlyWeRestart),
      },
      {
        fact: /^restart os\/boot@dev$/,
        theirs: null,
        ours: 'hd',
        when: both(isFamily('autoyast'), onlyWeRestart),
      },
    ],
  },
  // after 0.17
  {
    name: 'later-oz',
    rows: [
      { fact: at('features'), theirs: '', ours: null, when: onArch('i386') },
      { fact: at('features/(acpi|apic|pae)'), theirs: null, ours: '', when: onArch('i386') },
      { fact: argument('console'), theirs: 'ttyAMA0 tty0', ours: 'ttyAMA0', when: isArm },
      {
        fact: argument('console'),
        theirs: 'ttyAMA0 tty0',
        ours: null,
        when: both(isArm, isFamily('bsdinstall', 'windows-setup')),
      },
      {
        fact: at('os/(loader(@.*)?|nvram@template)'),
        theirs: /./,
        ours: null,
        when: both(
          onArch('x86_64'),
          ({ of }) => of.distro === 'Fedora' && Number(of.version) >= 30,
        ),
      },
      // it appends the console to a command line that is not there
      { fact: argument('None'), theirs: '', ours: null, when: onArch('aarch64') },
      {
        fact: argument('.*'),
        theirs: null,
        ours: /./,
        when: both(onArch('aarch64'), ({ all }) => all.theirs['argument None'] === ''),
      },
      {
        fact: argument('rw'),
        theirs: null,
        ours: '',
        when: both(onArch('aarch64'), ({ all }) => all.theirs['argument None'] === ''),
      },
      // for installers that came before these names
      {
        fact: argument('inst\\.(ks|method|repo|nosave)'),
        theirs: /./,
        ours: null,
        when: ({ all }) => all.ours['argument ks'] !== undefined,
      },
      {
        fact: argument('ks'),
        theirs: null,
        ours: /^(file:\/ks\.cfg|floppy)$/,
        when: (of) => theirArgument('inst.ks')(of) !== null,
      },
      {
        fact: argument('method'),
        theirs: null,
        ours: theirArgument('inst.repo'),
        when: fromUrl,
      },
      {
        fact: argument('method'),
        theirs: null,
        ours: 'cdrom',
        when: (of) => theirArgument('inst.method')(of) === 'cdrom:/dev/cdrom',
      },
    ],
  },
  // arguments of the installer's kernel
  {
    name: 'kernelparam-everywhere',
    rows: [{ fact: argument('ozma\\.probe'), theirs: null, ours: '1' }],
  },
  {
    name: 'console-on-serial',
    rows: [
      {
        fact: argument('console'),
        theirs: null,
        ours: ({ of }) =>
          ({
            aarch64: 'ttyAMA0',
            armv7l: 'ttyAMA0',
            ppc64: 'hvc0',
            ppc64le: 'hvc0',
            s390x: 'ttysclp0',
          })[of.arch as string] ?? 'ttyS0',
      },
      {
        fact: argument('(inst\\.)?text'),
        theirs: null,
        ours: '',
        when: isFamily('anaconda', 'drakx'),
      },
      { fact: argument('textmode'), theirs: null, ours: '1', when: isFamily('autoyast') },
      {
        fact: argument('DEBIAN_FRONTEND'),
        theirs: null,
        ours: 'text',
        when: isFamily('debian-installer'),
      },
      { fact: argument('vga'), theirs: '788', ours: null, when: isFamily('drakx') },
      { fact: argument('splash'), theirs: 'silent', ours: null, when: isFamily('autoyast') },
    ],
  },
  {
    name: 'faster-when-emulated',
    rows: [
      {
        fact: argument('mitigations'),
        theirs: null,
        ours: 'off',
        when: isFamily('anaconda', 'debian-installer', 'autoyast'),
      },
    ],
  },
  {
    name: 'password-not-kept',
    rows: [
      {
        fact: argument('inst\\.nosave'),
        theirs: /^(output_ks)?$/,
        ours: 'all_ks',
        when: isFamily('anaconda'),
      },
      { fact: argument('inst\\.nosave'), theirs: null, ours: 'all_ks', when: isFamily('anaconda') },
    ],
  },
  {
    name: 'answers-elsewhere',
    rows: [
      {
        fact: argument('ks'),
        theirs: /^cdrom:(\/dev\/cdrom:)?\/ks\.cfg$/,
        ours: /^(file:\/ks\.cfg|floppy)$/,
        when: isFamily('anaconda'),
      },
      { fact: argument('ks'), theirs: 'file:/ks.cfg', ours: 'floppy', when: isFamily('anaconda') },
      {
        fact: argument('(preseed/)?file'),
        theirs: '/cdrom/preseed/customiso.seed',
        ours: null,
        when: isFamily('debian-installer'),
      },
      {
        fact: argument('preseed/file'),
        theirs: '/cdrom/preseed/customiso.seed',
        ours: '/floppy/preseed.cfg',
        when: isFamily('debian-installer'),
      },
      {
        fact: argument('preseed/file'),
        theirs: null,
        ours: '/floppy/preseed.cfg',
        when: ({ os }) => os.distro === 'ubuntu' && /^5\./.test(os.version),
      },
      {
        fact: argument('autoyast'),
        theirs: /^(default|floppy:\/\/\/autoinst\.xml)$/,
        ours: 'file:///autoinst.xml',
      },
      {
        fact: argument('(kickstart|auto_install)'),
        theirs: 'auto_inst.cfg',
        ours: 'floppy',
        when: isFamily('drakx'),
      },
      {
        fact: argument('(kickstart|auto_install)'),
        theirs: null,
        ours: 'floppy',
        when: isFamily('drakx'),
      },
    ],
  },
  {
    name: 'another-name',
    rows: [
      {
        fact: argument('inst\\.ks'),
        theirs: null,
        ours: 'file:/ks.cfg',
        when: (of) => theirArgument('ks')(of) !== null,
      },
      {
        fact: argument('inst\\.ks'),
        theirs: /^cdrom:(\/dev\/cdrom:)?\/ks\.cfg$/,
        ours: 'file:/ks.cfg',
      },
      {
        fact: argument('ks'),
        theirs: /\/ks\.cfg$/,
        ours: null,
        when: ({ all }) => all.ours['argument inst.ks'] === 'file:/ks.cfg',
      },
      {
        fact: argument('(inst\\.repo|method)'),
        theirs: null,
        ours: theirArgument('method', 'repo', 'inst.method'),
        when: fromUrl,
      },
      {
        fact: argument('(inst\\.method|method|repo)'),
        theirs: installUrl,
        ours: null,
        when: ({ all }) =>
          [all.ours['argument inst.repo'], all.ours['argument method']].includes(installUrl),
      },
      {
        fact: argument('method'),
        theirs: 'cdrom:/dev/cdrom',
        ours: 'cdrom',
        when: isFamily('anaconda'),
      },
      {
        fact: argument('debconf/priority'),
        theirs: 'critical',
        ours: null,
        when: ({ all }) => all.ours['argument priority'] === 'critical',
      },
      { fact: argument('priority'), theirs: null, ours: theirArgument('debconf/priority') },
      {
        fact: argument('instmode'),
        theirs: 'cd',
        ours: null,
        when: ({ all }) => all.ours['argument install'] === 'cd:/',
      },
      {
        fact: argument('install'),
        theirs: null,
        ours: 'cd:/',
        when: both(isFamily('autoyast'), not(fromUrl)),
      },
    ],
  },
  {
    name: 'installer-by-its-label',
    rows: [
      {
        fact: argument('inst\\.stage2'),
        theirs: null,
        ours: 'hd:LABEL={installer-label}',
        when: not(fromUrl),
      },
      {
        fact: argument('(inst\\.method|method|repo)'),
        theirs: 'cdrom:/dev/cdrom',
        ours: null,
        when: ({ all }) => all.ours['argument inst.stage2'] === 'hd:LABEL={installer-label}',
      },
    ],
  },
  {
    name: 'asked-nothing',
    rows: [
      { fact: argument('auto'), theirs: null, ours: 'true', when: isFamily('debian-installer') },
      {
        fact: argument('(debian-installer/)?locale'),
        theirs: 'en_US',
        ours: null,
        when: isFamily('debian-installer'),
      },
      {
        fact: argument('(console-setup|keyboard-configuration)/layoutcode'),
        theirs: 'us',
        ours: null,
        when: isFamily('debian-installer'),
      },
      {
        fact: argument('kbd-chooser/method'),
        theirs: 'us',
        ours: null,
        when: isFamily('debian-installer'),
      },
      {
        fact: argument('netcfg/choose_interface'),
        theirs: 'auto',
        ours: null,
        when: isFamily('debian-installer'),
      },
      { fact: argument('lang'), theirs: '', ours: null, when: isFamily('anaconda') },
    ],
  },
  {
    name: 'names-of-interfaces',
    rows: [
      {
        fact: argument('net\\.ifnames'),
        theirs: null,
        ours: '0',
        when: isFamily('debian-installer'),
      },
      { fact: argument('---?'), theirs: null, ours: '', when: isFamily('debian-installer') },
      {
        fact: argument('--'),
        theirs: '',
        ours: null,
        when: ({ all }) => all.ours['argument ---'] === '',
      },
    ],
  },
  {
    name: 'room-for-the-initrd',
    rows: [
      { fact: argument('ramdisk_size'), theirs: null, ours: '9126', when: isFamily('anaconda') },
      { fact: argument('devfs'), theirs: null, ours: 'nomount', when: isFamily('anaconda') },
      { fact: argument('ramdisk_size'), theirs: '32000', ours: '128000', when: isFamily('drakx') },
      {
        fact: argument('ramdisk_size'),
        theirs: null,
        ours: '16384',
        when: both(fromUrl, isFamily('debian-installer'), theyStartKernel),
      },
      {
        fact: argument('root'),
        theirs: null,
        ours: '/dev/rd/0',
        when: both(fromUrl, isFamily('debian-installer'), theyStartKernel),
      },
      {
        fact: argument('rw'),
        theirs: null,
        ours: '',
        when: both(fromUrl, isFamily('debian-installer'), theyStartKernel),
      },
    ],
  },
  {
    name: 'acpi-to-power-off',
    rows: [{ fact: argument('acpi'), theirs: 'ht', ours: null, when: isFamily('drakx') }],
  },
  {
    name: 'tree-not-cd',
    rows: [
      {
        fact: argument('automatic'),
        theirs: 'method:cdrom',
        ours: 'method:http,ser:mirror.test,dir:/os/netboot,int:eth0,netw:dhcp',
        when: fromUrl,
      },
    ],
  },
];

function meets(expected: Expected, value: string | undefined, of: Difference): boolean {
  const wanted = typeof expected === 'function' ? expected(of) : expected;
  if (wanted === null || value === undefined) return wanted === null && value === undefined;
  return typeof wanted === 'string' ? wanted === value : wanted.test(value);
}

/** The first reason that allows the difference; undefined: it is wrong. */
export function reasonOf(of: Difference, table: readonly Reason[] = reasons): string | undefined {
  return table.find(({ rows }) =>
    rows.some(
      ({ fact, theirs, ours, when }) =>
        fact.test(of.fact) &&
        meets(theirs, of.theirs, of) &&
        meets(ours, of.ours, of) &&
        (when?.(of) ?? true),
    ),
  )?.name;
}
