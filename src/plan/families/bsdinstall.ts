/** FreeBSD: its installer reads /etc/installerconfig on its own ISO, and nothing else. */
import { scriptAnswer } from './answer.ts';
import { freebsdSteps } from './console-steps.ts';
import { type FamilyContext, type GuestFamily, ways } from './family.ts';

/** The ISO's own two lines, and the serial console beside the screen. */
function loaderConf({ hardware }: FamilyContext): string {
  const screen = hardware.firmware === 'efi' ? 'efi' : 'vidconsole';
  return [
    'vfs.mountroot.timeout="10"',
    'kernels_autodetect="NO"',
    'autoboot_delay="1"',
    'boot_multicons="YES"',
    'boot_serial="YES"',
    `console="comconsole,${screen}"`,
    'comconsole_speed="115200"',
    '',
  ].join('\n');
}

/** The ISO's own first asks for the terminal's type where the console is a serial one. */
const startInstaller = [
  'export TERM=vt100',
  'mkdir -p /tmp/bsdinstall_etc',
  'if bsdinstall script /etc/installerconfig; then',
  '  shutdown -p now',
  '  while :; do sleep 1; done',
  'fi',
  "echo 'Installation Error!'",
  'tail -n 40 /tmp/bsdinstall_log',
  '',
].join('\n');

export const bsdinstall: GuestFamily = {
  name: 'bsdinstall',
  installs: (os) => os.distro === 'freebsd',
  answerFile: () => 'installerconfig',
  ways: ({ tdl }) => (tdl.install.type === 'iso' ? [ways.remaster] : []),
  answer: (context) =>
    scriptAnswer(context, { orElse: 'http://freebsd.org/freebsd/installerconfig/jeos' }),
  remaster: (context, text) => [
    { path: 'etc/installerconfig', text },
    { path: 'etc/rc.local', text: startInstaller },
    { path: 'boot/loader.conf', text: loaderConf(context) },
  ],
  remasterOnSerial: true,
  reboots: () => 0,
  endsByItself: true,
  cloudInit: () => false,
  failurePatterns: ['Installation Error', 'mountroot>', '^panic: '],
  consoleSteps: freebsdSteps,
  packageManager: () => 'pkg',
  lister: 'pkg',
  seal: 'freebsd',
};
