/**
 * Arch Linux has no installer that takes answers: its live system runs a script
 * that it finds as user data on a medium labelled cidata, or on a config drive.
 */
import { cidataMedium, scriptAnswer } from './answer.ts';
import { archSteps } from './console-steps.ts';
import { type GuestFamily, ways } from './family.ts';

export const arch: GuestFamily = {
  name: 'arch',
  installs: (os) => os.distro === 'archlinux',
  answerFile: () => 'user-data',
  ways: ({ tdl }) => (tdl.install.type === 'iso' ? [ways.medium, ways.configDrive] : []),
  answer: (context) => scriptAnswer(context),
  medium: (_context, text) => cidataMedium(text),
  reboots: () => 0,
  cloudInit: () => true,
  failurePatterns: ['^installation failed in line'],
  consoleSteps: archSteps,
  packageManager: () => 'pacman',
  lister: 'pacman',
  seal: 'arch',
};
