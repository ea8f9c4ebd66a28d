/** DrakX: Mandrake, Mandriva and Mageia. Its second stage reads answers from a floppy. */
import type { OsEntity } from '../../../osinfo/types.ts';
import { withoutTrailing } from '../../base/text-ends.ts';
import { scriptAnswer } from './answer.ts';
import { commandLine, consoleArgument } from './consoles.ts';
import { type FamilyContext, type GuestFamily, ways } from './family.ts';

const distros = ['mandrake', 'mandriva', 'mageia'];

/** It starts from a floppy's image on the CD, where its kernel is. */
const onFloppy = ({ distro, version }: OsEntity) =>
  distro === 'mandrake' && Number.parseFloat(version) < 9;

/** Names of the architecture in directories, the newest first. */
const archNames = ({ tdl }: FamilyContext) =>
  tdl.arch === 'i386' ? ['i586', '32', 'i686'] : [tdl.arch, '64'];

/** Directories of vmlinuz and all.rdz, from Mageia 9 back to Mandrake 8. */
function directories(context: FamilyContext): string[] {
  return [
    'boot',
    ...archNames(context).flatMap((arch) => [
      `isolinux/${arch}`,
      `${arch}/isolinux/alt0`,
      `${arch}/isolinux`,
      `isolinux/alt0/${arch}`,
      `syslinux/alt0/${arch}`,
    ]),
    'isolinux/alt0',
    'isolinux',
  ];
}

function method({ tdl, guestUrl }: FamilyContext): string {
  if (tdl.install.type === 'iso') return 'automatic=method:cdrom';
  const url = new URL(guestUrl);
  const scheme = url.protocol.slice(0, -1);
  return `automatic=method:${scheme},ser:${url.host},dir:${url.pathname},int:eth0,netw:dhcp`;
}

export const drakx: GuestFamily = {
  name: 'drakx',
  installs: ({ distro }) => distros.includes(distro),
  answerFile: () => 'auto_inst.cfg',
  ways: ({ tdl, os }) =>
    tdl.install.type === 'iso' || os.distro === 'mageia' ? [ways.argsMedium] : [],
  treeFiles(context) {
    const base = withoutTrailing(context.tdl.install.url, '/');
    const directory = `${base}/isolinux/${archNames(context)[0]}`;
    return { kernel: `${directory}/vmlinuz`, initrd: `${directory}/all.rdz` };
  },
  isoFiles(context) {
    const { source, os } = context;
    if (onFloppy(os)) return { kernel: ['Boot/cdrom.img'], initrd: ['Boot/cdrom.img'] };
    const all = (name: string) => directories(context).map((directory) => `${directory}/${name}`);
    return {
      kernel: [...(source?.kernel ? [source.kernel] : []), ...all('vmlinuz')],
      initrd: [...(source?.initrd ? [source.initrd] : []), ...all('all.rdz'), ...all('cdrom.rdz')],
    };
  },
  inside: ({ os }) => (onFloppy(os) ? { kernel: 'vmlinuz', initrd: 'cdrom.rdz' } : undefined),
  cmdline(context) {
    const { tdl, os } = context;
    const old = os.distro !== 'mageia' || Number.parseInt(os.version, 10) < 4;
    return commandLine(
      [
        method(context),
        'kickstart=floppy',
        'auto_install=floppy',
        ...(old ? ['ramdisk_size=128000', 'root=/dev/ram3'] : []),
        'text',
        consoleArgument(tdl.arch),
      ],
      tdl.kernelparam,
    );
  },
  answer: (context) => scriptAnswer(context, { orElse: 'http://mandriva.com/drakx/jeos' }),
  medium: (_context, text) => ({
    device: 'floppy',
    label: 'ANSWERS',
    files: [{ path: 'auto_inst.cfg', text }],
  }),
  reboots: () => 0,
  // as long as Oz gives the two slowest
  installTime: ({ distro, version }) =>
    distro === 'mandrake' && ['8.2', '9.0'].includes(version) ? 2500 : undefined,
  cloudInit: () => false,
  failurePatterns: ['An error occurred', 'Error: .*auto_install', 'exited abnormally'],
  consoleSteps: [],
  packageManager: () => 'urpmi',
  lister: 'rpm',
  seal: 'mageia',
};
