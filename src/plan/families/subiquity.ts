/**
 * Ubuntu's installer since 18.04.1: cloud-init's user data on a medium labelled
 * cidata. Without `autoinstall` among the kernel's arguments it asks whether it
 * may begin, so the ISO's own boot loader is of no use.
 */
import { cidataMedium, scriptAnswer } from './answer.ts';
import { subiquitySteps } from './console-steps.ts';
import { commandLine, consoleArgument } from './consoles.ts';
import { type GuestFamily, ways } from './family.ts';

/** The first release whose only installer it is: Debian's netboot of 20.04 is a leftover. */
const first = 20;

export const subiquity: GuestFamily = {
  name: 'subiquity',
  installs: (os, { install }) =>
    os.distro === 'ubuntu' &&
    (Number.parseFloat(os.version) >= first || /live-server/.test(install.url)),
  answerFile: () => 'user-data',
  ways: ({ tdl }) => (tdl.install.type === 'iso' ? [ways.argsMedium, ways.argsConfigDrive] : []),
  isoFiles: () => ({
    kernel: ['casper/vmlinuz', 'casper/vmlinux', 'casper/hwe-vmlinuz'],
    initrd: ['casper/initrd', 'casper/initrd.gz', 'casper/hwe-initrd'],
  }),
  cmdline: ({ tdl }, { carrier }) =>
    commandLine(
      [
        'autoinstall',
        // a cloud's own data source must not go before the medium
        carrier === 'medium' && 'ds=nocloud',
        'fsck.mode=skip',
        consoleArgument(tdl.arch),
        'mitigations=off',
        tdl.kernelparam?.trim(),
        '---',
      ],
      undefined,
    ),
  answer: (context) => {
    const { tdl } = context;
    const script = 'http://ubuntu.com/ubuntu/autoinstall/jeos';
    return scriptAnswer(
      context,
      Number.parseFloat(tdl.version) < first ? { script } : { orElse: script },
    );
  },
  medium: (_context, text) => cidataMedium(text),
  // it learned to take answers while 18.04's ISOs were renewed
  caveat: ({ version }) =>
    Number.parseFloat(version) < first
      ? 'the installer of a live-server ISO before 20.04 may ask rather than take answers: the ISO without "live" in its name, and url installs, do not'
      : undefined,
  reboots: () => 0,
  cloudInit: () => true,
  bringsCloudInit: true,
  failurePatterns: ['^installation failed', 'An error occurred. Press enter to start a shell'],
  consoleSteps: subiquitySteps,
  packageManager: () => 'apt',
  lister: 'dpkg',
  seal: 'debian',
};
