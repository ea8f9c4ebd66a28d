/** Debian's installer, which is Ubuntu's as well up to 19.10: a preseed file in the initrd. */
import type { OsEntity } from '../../../osinfo/types.ts';
import { OzError } from '../../base/errors.ts';
import { withoutTrailing } from '../../base/text-ends.ts';
import { diskDevice, scriptAnswer } from './answer.ts';
import { debianSteps } from './console-steps.ts';
import { consoleArgument } from './consoles.ts';
import { type FamilyContext, type GuestFamily, ways } from './family.ts';

const archNames = {
  i386: 'i386',
  x86_64: 'amd64',
  aarch64: 'arm64',
  armv7l: 'armhf',
  ppc64le: 'ppc64el',
  s390x: 's390x',
} as const;

type DebianArch = (typeof archNames)[keyof typeof archNames];

/** Where Debian's ISOs have kernel and initrd. */
const isoDirectories: Readonly<Record<DebianArch, string[]>> = {
  i386: ['install.386'],
  amd64: ['install.amd'],
  arm64: ['install.a64'],
  armhf: ['install.ahf', 'install.ahf/cdrom', 'install.armhf'],
  ppc64el: ['install.ppc64el'],
  s390x: ['install.s390x'],
};

function archName({ tdl }: FamilyContext): DebianArch {
  const name = (archNames as Partial<Record<string, DebianArch>>)[tdl.arch];
  if (!name) {
    throw new OzError(
      'OZ_PLAN_ARCH',
      `Cannot install ${tdl.distro} ${tdl.version} on ${tdl.arch}: it has no such port`,
      { hint: `choose one of ${Object.keys(archNames).join(', ')}` },
    );
  }
  return name;
}

const isUbuntu = ({ distro }: OsEntity) => distro === 'ubuntu';
const ubuntuVersion = ({ version }: OsEntity) => Number.parseFloat(version);
/** Live systems have another installer. */
const isLive = (url: string) => /live-server/.test(url);
/** The initrd is a file system, to which nothing can be appended. */
const hasRamdisk = (os: OsEntity) => isUbuntu(os) && ubuntuVersion(os) < 6;

/** The directory `images` of an installer, from one below it, an installer-<arch> directory or a suite. */
function imagesUrl(context: FamilyContext): string {
  const url = withoutTrailing(context.tdl.install.url, '/');
  const [inside] = /(\/generic|\/netboot)+$/.exec(url) ?? [];
  if (inside !== undefined) return url.slice(0, -inside.length);
  const arch = archName(context);
  if (new RegExp(`/installer-${arch}$`).test(url)) return `${url}/current/images`;
  // Ubuntu's names have two words, the first of which is the suite
  const suite = context.os.codename?.toLowerCase().split(' ')[0];
  const dists = /\/dists\/[^/]+$/.test(url) ? url : suite && `${url}/dists/${suite}`;
  if (!dists) {
    throw new OzError(
      'OZ_PLAN_TREE',
      `Cannot find the installer below ${url}: the suite of ${context.os.name} is not known`,
      { hint: 'name the suite in the TDL: http://…/debian/dists/<suite>' },
    );
  }
  return `${dists}/main/installer-${arch}/current/images`;
}

/** Kernel and initrd below it. */
function netbootFiles(context: FamilyContext): { kernel: string; initrd: string } {
  const arch = archName(context);
  const distro = isUbuntu(context.os) ? 'ubuntu' : 'debian';
  if (arch === 's390x') {
    return { kernel: `generic/kernel.${distro}`, initrd: `generic/initrd.${distro}` };
  }
  if (arch === 'armhf') {
    const dir = distro === 'ubuntu' ? 'generic/netboot' : 'netboot';
    return { kernel: `${dir}/vmlinuz`, initrd: `${dir}/initrd.gz` };
  }
  const dir = `netboot/${distro}-installer/${arch}`;
  const kernel = arch === 'ppc64el' ? 'vmlinux' : 'linux';
  return { kernel: `${dir}/${kernel}`, initrd: `${dir}/initrd.gz` };
}

export const debianInstaller: GuestFamily = {
  name: 'debian-installer',
  installs: (os, { install }) =>
    os.distro === 'debian' || (isUbuntu(os) && ubuntuVersion(os) < 20 && !isLive(install.url)),
  answerFile: () => 'preseed.cfg',
  ways: ({ os }) => (hasRamdisk(os) ? [ways.argsMedium] : [ways.initrd, ways.argsUrl]),
  treeFiles(context) {
    const base = imagesUrl(context);
    const { kernel, initrd } = netbootFiles(context);
    return { kernel: `${base}/${kernel}`, initrd: `${base}/${initrd}` };
  },
  isoFiles(context) {
    const dirs = isUbuntu(context.os) ? ['install'] : isoDirectories[archName(context)];
    const known = context.source;
    const list = (fromDatabase: string | undefined, names: string[]) => [
      ...(fromDatabase ? [fromDatabase] : []),
      ...names,
    ];
    return {
      kernel: list(known?.kernel, [
        ...dirs.map((dir) => `${dir}/vmlinuz`),
        'linux',
        'install/vmlinuz',
        'install/vmlinux',
      ]),
      initrd: list(known?.initrd, [
        ...dirs.map((dir) => `${dir}/initrd.gz`),
        'initrd.gz',
        'install/initrd.gz',
      ]),
    };
  },
  cmdline(context, { reads, carrier }) {
    const { os } = context;
    return [
      'auto=true',
      'priority=critical',
      // Asked before the network is there, and so before the answers are.
      ...(reads === 'url'
        ? ['netcfg/choose_interface=auto', `preseed/url=${context.userDataUrl}`]
        : []),
      ...(carrier === 'medium' ? ['preseed/file=/floppy/preseed.cfg'] : []),
      ...(hasRamdisk(os) ? ['ramdisk_size=16384', 'root=/dev/rd/0', 'rw'] : []),
      // The serial console is the log; the text frontend keeps it readable.
      'DEBIAN_FRONTEND=text',
      consoleArgument(context.tdl.arch),
      // Nothing hostile runs in the installer, and this is a third quicker under emulation.
      'mitigations=off',
      ...(context.tdl.kernelparam ? [context.tdl.kernelparam.trim()] : []),
      // What follows is kept for the installed system, whose network file then
      // names eth0: a name by slot would be wrong on any other machine.
      isUbuntu(os) && ubuntuVersion(os) < 14 ? '--' : '---',
      'net.ifnames=0',
    ].join(' ');
  },
  answer: (context) =>
    isUbuntu(context.os)
      ? scriptAnswer(context, {
          script: 'http://ubuntu.com/ubuntu/preseed-image/jeos',
          parameters: { targetDisk: diskDevice(context, ubuntuVersion(context.os) < 7) },
        })
      : scriptAnswer(context),
  medium: (_context, text) => ({
    device: 'floppy',
    label: 'ANSWERS',
    files: [{ path: 'preseed.cfg', text }],
  }),
  // base-config, the second half, runs in the new system
  reboots: ({ os }) => (hasRamdisk(os) ? 1 : 0),
  // as long as Oz gives them
  installTime: (os) => (isUbuntu(os) && ubuntuVersion(os) < 7.1 ? 3000 : undefined),
  cloudInit: (os) => !isUbuntu(os) || ubuntuVersion(os) >= 10,
  failurePatterns: [
    '^!! ERROR:',
    'Installation step failed',
    'An installation step failed',
    'Bad archive mirror',
    'No kernel modules were found',
  ],
  setsRootPassword: true,
  consoleSteps: debianSteps,
  packageManager: () => 'apt',
  lister: 'dpkg',
  seal: 'debian',
};
