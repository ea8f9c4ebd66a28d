/**
 * Anaconda: Fedora, Red Hat Linux, Red Hat Enterprise Linux and what is built
 * from it. Three generations differ in how they start: loaders with a file
 * system as initrd, loaders with an initramfs, and dracut.
 */
import type { OsEntity } from '../../../osinfo/types.ts';
import { withoutTrailing } from '../../base/text-ends.ts';
import type { AnswerMedium } from '../types.ts';
import { diskDevice, scriptAnswer } from './answer.ts';
import { anacondaSteps } from './console-steps.ts';
import { commandLine, consoleArgument } from './consoles.ts';
import {
  type AnswerWay,
  type FamilyContext,
  type GuestFamily,
  installerLabel,
  ways,
} from './family.ts';

type Line = 'fedora' | 'enterprise' | 'redhat-linux';

const lines: Readonly<Record<string, Line>> = {
  fedora: 'fedora',
  rhl: 'redhat-linux',
  rhel: 'enterprise',
  centos: 'enterprise',
  almalinux: 'enterprise',
  rocky: 'enterprise',
  scientificlinux: 'enterprise',
  ol: 'enterprise',
  oel: 'enterprise',
};

/** The first major version of each line that has a feature; a line not named never has it. */
type Since = Partial<Record<Line, number>>;

const initramfs: Since = { fedora: 4, enterprise: 5 };
const dracut: Since = { fedora: 17, enterprise: 7 };
/** Looks for /ks.cfg on OEMDRV by itself. */
const oemdrv: Since = { fedora: 19, enterprise: 7 };
/** In the repositories of the installer itself. */
const cloudInit: Since = { fedora: 18, enterprise: 8 };
const dnf: Since = { fedora: 22, enterprise: 8 };
/** Its yum, where it has one, reads /etc/yum.repos.d. */
const repositoryFiles: Since = { fedora: 3, enterprise: 4 };
/** libata names IDE disks sda. */
const libata: Since = { fedora: 7, enterprise: 6 };
/** Has a command for it; the older ones can only restart. */
const switchesOff: Since = { fedora: 3, enterprise: 4 };
/** The scripts of today fit from here on. */
const modernScript: Since = { fedora: 4, enterprise: 6 };

/** Rawhide and the like count as the newest. */
function majorOf({ version }: OsEntity): number {
  const major = Number.parseInt(version, 10);
  return Number.isNaN(major) ? Number.POSITIVE_INFINITY : major;
}

function has(os: OsEntity, since: Since): boolean {
  const first = since[lines[os.distro] ?? 'fedora'];
  return first !== undefined && majorOf(os) >= first;
}

/** Directories of kernel and initrd in a tree, where they are not those of most architectures. */
const treeNames: Partial<Record<string, { kernel: string; initrd: string }>> = {
  ppc64: { kernel: 'ppc/ppc64/vmlinuz', initrd: 'ppc/ppc64/initrd.img' },
  ppc64le: { kernel: 'ppc/ppc64/vmlinuz', initrd: 'ppc/ppc64/initrd.img' },
  s390x: { kernel: 'images/kernel.img', initrd: 'images/initrd.img' },
};
const pxeboot = { kernel: 'images/pxeboot/vmlinuz', initrd: 'images/pxeboot/initrd.img' };
const isolinux = { kernel: 'isolinux/vmlinuz', initrd: 'isolinux/initrd.img' };

/** Their trees have no kernels for the network but those on this floppy. */
const floppy = 'images/bootnet.img';
const onFloppies = (os: OsEntity) =>
  (os.distro === 'rhl' && Number.parseFloat(os.version) < 9) ||
  (lines[os.distro] === 'enterprise' && majorOf(os) < 3);

/** Takes the CD by itself, and stumbles over being told to. */
const findsCd: Since = { fedora: 10, enterprise: 6 };

/** Where the answer file is, as ks= wants to be told. */
function kickstartPlace(context: FamilyContext, way: AnswerWay): string {
  if (way.reads === 'url') return context.userDataUrl ?? '';
  if (way.reads) return 'hd:LABEL=config-2:/openstack/latest/user_data';
  if (way.carrier === 'initrd') return 'file:/ks.cfg';
  return has(context.os, initramfs) ? 'hd:LABEL=OEMDRV:/ks.cfg' : 'floppy';
}

function dracutArguments(context: FamilyContext, way: AnswerWay): string[] {
  const { tdl } = context;
  return [
    `inst.ks=${kickstartPlace(context, way)}`,
    tdl.install.type === 'url'
      ? `inst.repo=${context.guestUrl}`
      : `inst.stage2=hd:LABEL=${installerLabel}`,
    'inst.text',
    // the kickstart holds a password, and the new system shall not
    'inst.nosave=all_ks',
    // Nothing hostile runs in the installer, and this is a third quicker under emulation.
    'mitigations=off',
  ];
}

function loaderArguments(context: FamilyContext, way: AnswerWay): string[] {
  const { os, tdl } = context;
  const old = has(os, initramfs) ? [] : ['devfs=nomount', 'ramdisk_size=9126'];
  return [
    `ks=${kickstartPlace(context, way)}`,
    ...(tdl.install.type === 'url'
      ? [`method=${context.guestUrl}`]
      : has(os, findsCd)
        ? []
        : ['method=cdrom']),
    'text',
    ...old,
  ];
}

const classicScript = 'http://redhat.com/redhat/kickstart/jeos';
const enterpriseScript = 'http://redhat.com/rhel/kickstart/jeos';

export const anaconda: GuestFamily = {
  name: 'anaconda',
  installs: (os) => Object.hasOwn(lines, os.distro),
  answerFile: () => 'ks.cfg',
  ways({ os, tdl }) {
    if (!has(os, initramfs)) return [ways.argsMedium];
    const iso = tdl.install.type === 'iso';
    if (!has(os, dracut)) return [ways.initrd, ways.argsUrl];
    return [
      ways.initrd,
      ways.argsConfigDrive,
      ways.argsUrl,
      ways.argsMedium,
      ...(iso && has(os, oemdrv) ? [ways.medium] : []),
    ];
  },
  treeFiles({ tdl, source, os }) {
    const base = withoutTrailing(tdl.install.url, '/');
    if (onFloppies(os)) return { kernel: `${base}/${floppy}`, initrd: `${base}/${floppy}` };
    const names = treeNames[tdl.arch] ?? pxeboot;
    return {
      kernel: `${base}/${source?.kernel ?? names.kernel}`,
      initrd: `${base}/${source?.initrd ?? names.initrd}`,
    };
  },
  isoFiles({ tdl, source }) {
    const names = [treeNames[tdl.arch] ?? pxeboot, isolinux];
    const known = source?.kernel && source.initrd ? [source as typeof pxeboot] : [];
    const all = [...known, ...names];
    return { kernel: all.map(({ kernel }) => kernel), initrd: all.map(({ initrd }) => initrd) };
  },
  inside: ({ os, tdl }) =>
    onFloppies(os) && tdl.install.type === 'url'
      ? { kernel: 'vmlinuz', initrd: 'initrd.img' }
      : undefined,
  cmdline(context, way) {
    const parts = has(context.os, dracut)
      ? dracutArguments(context, way)
      : loaderArguments(context, way);
    return commandLine([...parts, consoleArgument(context.tdl.arch)], context.tdl.kernelparam);
  },
  answer(context) {
    const { os } = context;
    const modern = has(os, modernScript);
    return scriptAnswer(context, {
      ...(modern ? { orElse: enterpriseScript } : { script: classicScript }),
      // dracut's installers find the disk by themselves
      parameters: has(os, dracut) ? {} : { targetDisk: diskDevice(context, !has(os, libata)) },
    });
  },
  medium({ os }, text): AnswerMedium {
    const files = [{ path: 'ks.cfg', text }];
    return has(os, initramfs)
      ? { device: 'cdrom', label: 'OEMDRV', files }
      : { device: 'floppy', label: 'ANSWERS', files };
  },
  reboots: () => 0,
  endsInRestart: (os) => !has(os, switchesOff),
  cloudInit: (os) => has(os, cloudInit),
  failurePatterns: [
    'The following error was found while parsing the kickstart',
    'The following problem occurred on line',
    'Warning: /dev/root does not exist',
    'Entering emergency mode',
    'Error downloading kickstart file',
    'Unable to read (?:package|group) (?:metadata|information)',
  ],
  consoleSteps: anacondaSteps,
  packageManager: (os) => (has(os, dnf) ? 'dnf' : 'yum'),
  undriven: (os) =>
    has(os, repositoryFiles) ? undefined : 'it is older than the yum that can be driven (2.1)',
  lister: 'rpm',
  seal: 'redhat',
};
