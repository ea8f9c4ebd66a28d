/** Agama: openSUSE Leap 16, SUSE Linux Enterprise 16 and later. */

import { withoutTrailing } from '../../base/text-ends.ts';
import { scriptAnswer } from './answer.ts';
import { agamaSteps } from './console-steps.ts';
import { commandLine, consoleArgument } from './consoles.ts';
import { type GuestFamily, installerLabel, ways } from './family.ts';
import { hasAgama, isSuse, suseAnswerUrl, suseIso, suseTree } from './suse.ts';

const answerFile = 'autoinst.json';

export const agama: GuestFamily = {
  name: 'agama',
  installs: (os) => isSuse(os) && hasAgama(os),
  answerFile: () => answerFile,
  // it runs in a live system of its own, which does not see what was in the initrd
  ways: ({ tdl }) => [
    ...(tdl.install.type === 'iso' ? [ways.argsMedium] : []),
    ways.argsConfigDrive,
    ways.argsUrl,
    ...(tdl.install.type === 'iso' ? [ways.medium] : [ways.argsMedium]),
  ],
  treeFiles: suseTree,
  isoFiles: suseIso,
  cmdline(context, way) {
    const { tdl } = context;
    const fromUrl = tdl.install.type === 'url';
    return commandLine(
      [
        fromUrl
          ? `root=live:${withoutTrailing(context.guestUrl, '/')}/LiveOS/squashfs.img`
          : `root=live:CDLABEL=${installerLabel}`,
        fromUrl && 'ip=dhcp',
        fromUrl && `inst.install_url=${context.guestUrl}`,
        `inst.auto=${suseAnswerUrl(context, way, answerFile)}`,
        'inst.finish=poweroff',
        consoleArgument(tdl.arch),
        'mitigations=off',
      ],
      tdl.kernelparam,
    );
  },
  answer: (context) =>
    scriptAnswer(context, {
      orElse: 'http://opensuse.org/opensuse/agama/jeos',
      // openSUSE has none, and would be told that its registration failed
      parameters:
        context.tdl.key && context.os.distro !== 'opensuse' ? { productKey: context.tdl.key } : {},
    }),
  medium: (_context, text) => ({
    device: 'cdrom',
    label: 'OEMDRV',
    files: [{ path: answerFile, text }],
  }),
  reboots: () => 0,
  endsByItself: true,
  cloudInit: () => true,
  failurePatterns: [
    'Entering emergency mode',
    'dracut-initqueue.*[Tt]imeout',
    'Failed to load the profile',
  ],
  consoleSteps: agamaSteps,
  packageManager: () => 'zypper',
  lister: 'rpm',
  seal: 'suse',
};
