/** Steps of installers, on lines as they were seen on serial consoles. */
import { describe, expect, it } from 'vitest';
import type { Emit } from '../../src/engine/events.ts';
import { watchSteps } from '../../src/engine/install-steps.ts';
import { debianSteps } from '../../src/plan/families/console-steps.ts';
import { families } from '../../src/plan/families/index.ts';

function stepOf(family: string, line: string): string | undefined {
  const steps = families.find(({ name }) => name === family)?.consoleSteps ?? [];
  return steps.find(({ pattern }) => new RegExp(pattern).test(line))?.title;
}

const seen: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> = {
  'debian-installer': {
    'Detecting hardware to find installation media ... 2%... 95%... 100%': 'detecting hardware',
    'Scanning installation media ... 2%... 11%': 'scanning the medium',
    'Loading additional components ... 0%... 10%': 'installer components',
    'Detecting network hardware ... 2%... 95%... 100%': 'network',
    'Checking the Debian archive mirror ... 50%': 'checking the mirror',
    'Setting up the clock ... 0%': 'setting the clock',
    'Detecting disks and all other hardware ... 2%': 'detecting hardware',
    'Starting up the partitioner ... 4%... 13%': 'partitioning',
    'Guided partitioning ... 20%... 40%': 'partitioning',
    'Partitions formatting ... 33%': 'formatting',
    'Installing the base system ... 0%... 17%': 'base system',
    'Configuring apt ... 5%... 11%': 'configuring apt',
    'Select and install software ... 1%... 10%': 'packages',
    'Installing GRUB boot loader ... 16%... 33%': 'boot loader',
    'Finishing the installation ... 3%': 'finishing',
    '... 40%... 50%': '',
    'Requesting system reboot': undefined,
    '[ 12.000000] Installing knfsd (copyright (C) 1996 okir@monad.swb.de).': undefined,
  },
  anaconda: {
    'Setting up the installation environment': 'preparing',
    'Configuring storage': 'partitioning',
    'Creating disklabel on /dev/sda': 'partitioning',
    'Creating xfs on /dev/mapper/centos-root': 'partitioning',
    'Starting package installation process': 'packages',
    'Installing libgcc (1/483)': 'packages',
    'Installing glibc-common.x86_64 (9/347)': 'packages',
    'Performing post-installation setup tasks': 'configuring the system',
    'Installing boot loader': 'boot loader',
    'Writing network configuration': 'configuring the system',
    'Generating initramfs': 'initramfs',
    'Running post-installation scripts': 'finishing',
    '.': undefined,
  },
  subiquity: {
    'start: subiquity/Install/install/curtin_install: installing system': 'preparing',
    'start: cmd-install/stage-partitioning/builtin/cmd-block-meta: curtin command block-meta':
      'partitioning',
    ' start: subiquity/Install/install/curtin_install/run: executing curtin install partitioning step':
      'partitioning',
    'start: cmd-install/stage-extract/builtin/cmd-extract: curtin command extract': 'base system',
    'start: cmd-install/stage-curthooks/builtin/cmd-curthooks: x': 'kernel and boot loader',
    'start: subiquity/Install/install/postinstall/install_openssh-server: installing openssh-server':
      'packages',
    'start: subiquity/Install/install/postinstall/run_unattended_upgrades: downloading':
      'security updates',
    'finish: subiquity/Install/install/postinstall/install_ansible: FAIL': undefined,
  },
  alpine: {
    '(12/25) Installing openssl (3.1.4-r5)': 'packages',
    'Installing system on /dev/vda3:': 'base system',
  },
  arch: {
    '(12/140) installing glibc': 'packages',
    '==> Building image from preset': 'initramfs',
  },
};

/** As Debian 13's installer prints it: in a screen, whose status line comes in between. */
const debianConsole = [
  'Starting system log daemon: syslogd, klogd.\r\n',
  '\u001b[H\u001b[7m\u001b[m\u001b[32m\u001b[40m[ \u001b[37m\u001b[31m (\u001b[37m1*installer\u001b[31m)\u001b[37m  2 shell \u001b[32m]\r\n',
  '\u001b[0mDetecting network hardware  ... 2%... 95%... 100%\r\n',
  'Detecting link on eth0; please wait...  ... 0%\r\n',
  'Waiting for link-local address...  ... 16%... 25%... 33%... 100%\r\n',
  'Configuring the network with DHCP  ... 4%... 100%\r\n',
  'Checking the Debian archive mirror  ... 25%... 50%... 75%... 100%\r\n',
  'Loading additional components  ... 1%... 10%',
  '\u001b[H\u001b[7m\u001b[m\u001b[32m\u001b[40m[ (1*installer) 19:03 \u001b[32m]\u001b[10;45H\u001b[0m',
  '... 20%',
];

it('follows the real installer of Debian, piece by piece', () => {
  const shown: string[] = [];
  const emit: Emit = (event) => {
    if (event.type === 'step' && event.step !== null) shown.push(`${event.step} ${event.percent}`);
  };
  const look = watchSteps({ steps: debianSteps, emit, mask: (text) => text });
  let tail = '';
  for (const text of debianConsole) {
    tail += text;
    look({ size: Buffer.byteLength(tail), tail }, null);
  }
  expect(shown).toEqual([
    'network 100',
    'network 0',
    'network 100',
    'checking the mirror 100',
    'installer components 10',
    'installer components 20',
  ]);
});

describe.each(Object.entries(seen))('%s', (family, lines) => {
  it.each(Object.entries(lines))('%s', (line, step) => {
    expect(stepOf(family, line)).toBe(step);
  });
});

it.each(families.map(({ name, consoleSteps }) => [name, consoleSteps] as const))(
  'the patterns of %s are linear, and their titles fit into a line',
  (_name, steps) => {
    const long = ['Installing ', 'Creating a', 'start: subiquity/a', '(1/', ' * ', 'Downloading 1'];
    for (const { title, pattern } of steps) {
      expect(title.length).toBeLessThan(30);
      const tested = new RegExp(pattern);
      const began = performance.now();
      for (const text of long) tested.test(text.repeat(4000));
      expect(performance.now() - began).toBeLessThan(3000);
    }
  },
);
