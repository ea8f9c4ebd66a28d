/**
 * Alpine Linux: its live system takes an overlay (apkovl) from any medium, and
 * with it a script that installs.
 */
import { gzipSync } from 'node:zlib';
import { tarArchive } from '../../base/tar.ts';
import { scriptAnswer } from './answer.ts';
import { alpineSteps } from './console-steps.ts';
import { commandLine, consoleArgument } from './consoles.ts';
import { type GuestFamily, ways } from './family.ts';

/** What the live system is to be besides itself. */
function overlay(script: string): Buffer {
  const tar = tarArchive([
    { name: 'etc/.default_boot_services', content: '' },
    { name: 'etc/apk/world', content: 'alpine-base\n' },
    { name: 'etc/hostname', content: 'installer\n' },
    { name: 'etc/local.d/install.start', content: script, mode: 0o755 },
    { name: 'etc/runlevels/default/local', target: '/etc/init.d/local' },
  ]);
  const zipped = gzipSync(tar);
  zipped.fill(0, 4, 8); // the time
  return zipped;
}

const flavours = ['lts', 'virt', 'vanilla', 'hardened', 'grsec'];

export const alpine: GuestFamily = {
  name: 'alpine',
  installs: (os) => os.distro === 'alpinelinux',
  answerFile: () => 'install.start',
  ways: ({ tdl }) => (tdl.install.type === 'iso' ? [ways.argsMedium, ways.medium] : []),
  isoFiles({ source }) {
    const all = (name: string) => flavours.map((flavour) => `boot/${name}-${flavour}`);
    return {
      kernel: [...(source?.kernel ? [source.kernel] : []), ...all('vmlinuz')],
      initrd: [...(source?.initrd ? [source.initrd] : []), ...all('initramfs')],
    };
  },
  cmdline: ({ tdl }) =>
    commandLine(
      ['modules=loop,squashfs,sd-mod,usb-storage', consoleArgument(tdl.arch)],
      tdl.kernelparam,
    ),
  answer: (context) =>
    scriptAnswer(context, { orElse: 'http://alpinelinux.org/alpinelinux/answers/jeos' }),
  medium: (_context, text) => ({
    device: 'cdrom',
    label: 'APKOVL',
    files: [{ path: 'install.apkovl.tar.gz', bytes: overlay(text) }],
  }),
  reboots: () => 0,
  cloudInit: () => true,
  failurePatterns: ['^installation failed: ', 'initramfs emergency recovery shell launched'],
  consoleSteps: alpineSteps,
  packageManager: () => 'apk',
  lister: 'apk',
  seal: 'alpine',
};
