/** The table of reasons allows what it names, and a wrong value beside it stays wrong. */
import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../compat/hardware/domain-facts.ts';
import { type Difference, reasonOf } from '../../../compat/hardware/reasons.ts';
import type { Combination } from '../../../compat/hardware/theirs.ts';
import { loadOsinfo } from '../../../osinfo/index.ts';
import { osinfoEnv } from '../../fakes/osinfo-env.ts';

const osinfo = loadOsinfo({ env: osinfoEnv });

function difference(
  [distro, version, arch = 'x86_64', type = 'url']: [
    string,
    string,
    Combination['arch']?,
    ('url' | 'iso')?,
  ],
  family: string,
  [fact, theirs, ours]: [string, string | undefined, string | undefined],
  all: { theirs?: Facts; ours?: Facts } = {},
): Difference {
  const os = osinfo.findForTdl(distro, version)?.os;
  if (!os) throw new Error(`${distro} ${version} is not known`);
  const of = { distro, version, arch, type };
  return { fact, theirs, ours, all: { theirs: {}, ours: {}, ...all }, of, os, family, osinfo };
}

const debian: [string, string] = ['Debian', '9'];
const windows: [string, string, 'x86_64', 'iso'] = ['Windows', '7', 'x86_64', 'iso'];

describe('reasonOf()', () => {
  it.each<[string, Difference, Difference]>([
    [
      'two-cpus',
      difference(debian, 'debian-installer', ['install vcpu', '1', '2']),
      difference(debian, 'debian-installer', ['install vcpu', '1', '3']),
    ],
    [
      'memory-of-later-oz',
      difference(debian, 'debian-installer', ['install memory', '1048576 KiB', '2097152 KiB']),
      difference(debian, 'debian-installer', ['install memory', '1048576 KiB', '524288 KiB']),
    ],
    [
      'nic-of-the-database',
      difference(windows, 'windows-setup', [
        'install devices/interface/model@type',
        'rtl8139',
        'e1000e',
      ]),
      difference(windows, 'windows-setup', [
        'install devices/interface/model@type',
        'rtl8139',
        'virtio',
      ]),
    ],
    [
      'no-ide',
      difference(['RHEL-3', 'U1', 'ppc64'], 'anaconda', [
        'install devices/disk[disk]/target@bus',
        'ide',
        'scsi',
      ]),
      difference(['RHEL-3', 'U1', 'i386'], 'anaconda', [
        'install devices/disk[disk]/target@bus',
        'ide',
        'scsi',
      ]),
    ],
    [
      'one-entry-for-all-updates',
      difference(['CentOS-4', 'U8'], 'anaconda', [
        'install devices/disk[disk]/target@bus',
        'virtio',
        'ide',
      ]),
      difference(['RHEL-4', 'U8'], 'anaconda', [
        'install devices/disk[disk]/target@bus',
        'virtio',
        'ide',
      ]),
    ],
    [
      'clock-of-freebsd',
      difference(['FreeBSD', '10.0'], 'bsdinstall', ['install clock@offset', 'localtime', 'utc']),
      difference(windows, 'windows-setup', ['install clock@offset', 'localtime', 'utc']),
    ],
    [
      'disk-needed',
      difference(windows, 'windows-setup', ['disk size', '10737418240', '21474836480']),
      difference(windows, 'windows-setup', ['disk size', '10737418240', '1073741824']),
    ],
    [
      'no-boot-iso',
      difference(['CentOS-3', 'U1'], 'anaconda', [
        'cache kernel',
        undefined,
        'data/kernels/CentOS-3U1x86_64-kernel',
      ]),
      difference(['CentOS-3', 'U1'], 'anaconda', [
        'cache kernel',
        undefined,
        'data/kernels/CentOS-3-kernel',
      ]),
    ],
    [
      'kernel-started',
      difference(debian, 'debian-installer', ['install os/boot@dev', 'cdrom', undefined], {
        ours: { 'install os/kernel': 'kernel' },
      }),
      difference(debian, 'debian-installer', ['install os/boot@dev', 'cdrom', undefined]),
    ],
  ])('%s', (name, allowed, spoilt) => {
    expect(reasonOf(allowed)).toBe(name);
    expect(reasonOf(spoilt)).toBeUndefined();
  });

  it.each<[string, string | undefined, string | undefined]>([
    ['jeos', 'data/jeos/Debian9x86_64.dsk', 'data/jeos/Debian-9-x86_64.dsk'],
    ['cache installer', 'data/isos/Debian9x86_64-iso.iso', 'data/isos/debian.iso'],
    ['install name', 'probe', 'other'],
    ['install on_reboot', 'destroy', 'restart'],
    ['finished devices/disk[disk]/source@file', 'out/probe.dsk', 'out/probe.raw'],
    ['finished devices/interface/source@bridge', 'virbr0', 'br0'],
    ['install devices/interface/mac@address', '52:54:00:12:34:56', '52:54:00:12:34:57'],
    ['restarts', '1', '0'],
    ['timeout', '8500', '1200'],
    ['install devices/input[tablet]@bus', 'usb', undefined],
  ])('allows no other %s', (...fact) => {
    expect(reasonOf(difference(debian, 'debian-installer', fact))).toBeUndefined();
  });
});
