/**
 * Every system that Oz accepts (distribution, version, architecture, install
 * type) has a plan here; what Oz refuses, or names otherwise, is listed.
 */
import { describe, expect, it } from 'vitest';
import type { Arch } from '../../backends/backend.ts';
import { loadOsinfo } from '../../osinfo/index.ts';
import { familyOf } from '../../src/plan/families/index.ts';
import { plan } from '../../src/plan/plan.ts';
import { testInput, testTdl } from '../fakes/inputs.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';

const osinfo = loadOsinfo({ env: osinfoEnv });

interface Row {
  names: string[];
  versions: string[];
  arches?: Arch[];
  types?: ('url' | 'iso')[];
  /** Defaults that Oz sets for all of these versions. */
  nic?: string;
  bus?: string;
}

const updates = (last: number, first = 1) => [
  'GOLD',
  ...Array.from({ length: last - first + 1 }, (_, i) => `U${first + i}`),
];
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
const points = (version: string, last: number) => [
  version,
  ...range(1, last).map((n) => `${version}.${n}`),
];
const both: Arch[] = ['i386', 'x86_64'];
const virtio = { nic: 'virtio', bus: 'virtio' };

const rows: Row[] = [
  { names: ['Debian'], versions: range(5, 9), ...virtio },
  { names: ['FedoraCore', 'FC'], versions: range(1, 6) },
  { names: ['Fedora'], versions: ['7', '8'] },
  { names: ['Fedora'], versions: range(9, 30), ...virtio },
  {
    names: ['Fedora'],
    versions: ['31', 'rawhide'],
    arches: ['x86_64', 'aarch64', 'ppc64le'],
    ...virtio,
  },
  { names: ['FreeBSD'], versions: ['10.0', '11.0'], types: ['iso'] },
  { names: ['Mageia'], versions: ['2', '3', '4', '4.1', '5'], ...virtio },
  {
    names: ['Mandrake'],
    versions: ['8.2', '9.0', '9.1', '9.2', '10.0', '10.1'],
    arches: ['i386'],
    types: ['iso'],
  },
  { names: ['Mandriva'], versions: ['2005', '2006.0', '2007.0', '2008.0'], types: ['iso'] },
  { names: ['OpenSUSE'], versions: ['10.3', '11.0'], types: ['iso'] },
  {
    names: ['OpenSUSE'],
    versions: [
      '11.1',
      '11.2',
      '11.3',
      '11.4',
      '12.1',
      '12.2',
      '12.3',
      '13.1',
      '13.2',
      '42.1',
      '42.2',
    ],
    types: ['iso'],
  },
  {
    names: ['RHEL-2.1', 'RedHatEnterpriseLinux-2.1'],
    versions: updates(6, 2),
    arches: ['i386'],
    types: ['url'],
    nic: 'pcnet',
  },
  { names: ['RHEL-3', 'RedHatEnterpriseLinux-3'], versions: updates(9), types: ['url'] },
  { names: ['CentOS-3'], versions: updates(9) },
  { names: ['RHEL-4', 'CentOS-4', 'ScientificLinux-4', 'SL-4'], versions: updates(7) },
  { names: ['RHEL-4', 'CentOS-4', 'ScientificLinux-4'], versions: ['U8', 'U9'] },
  {
    names: [
      'RHEL-5',
      'CentOS-5',
      'OL-5',
      'ScientificLinux-5',
      'SL-5',
      'ScientificLinuxCern-5',
      'SLC-5',
    ],
    versions: updates(11),
  },
  {
    names: [
      'RHEL-6',
      'CentOS-6',
      'ScientificLinux-6',
      'SL-6',
      'SLC-6',
      'OEL-6',
      'OL-6',
      'OracleEnterpriseLinux-6',
    ],
    versions: range(0, 10),
    ...virtio,
  },
  { names: ['RHEL-7', 'CentOS-7'], versions: range(0, 9), arches: ['x86_64'], ...virtio },
  { names: ['RHEL-8', 'CentOS-8'], versions: range(0, 5), arches: ['x86_64'], ...virtio },
  { names: ['RHEL-9', 'CentOS-9'], versions: range(0, 3), arches: ['x86_64'], ...virtio },
  {
    names: ['RHL', 'RedHatLinux'],
    versions: ['7.0', '7.1'],
    arches: ['i386'],
    types: ['url'],
    nic: 'ne2k_pci',
  },
  {
    names: ['RHL', 'RedHatLinux'],
    versions: ['7.2', '7.3', '8', '9'],
    arches: ['i386'],
    types: ['url'],
    nic: 'rtl8139',
  },
  { names: ['Ubuntu'], versions: ['5.04', '5.10', ...points('6.06', 2), '6.10', '7.04', '7.10'] },
  {
    names: ['Ubuntu'],
    versions: [
      ...points('8.04', 4),
      ...['8.10', '9.04', '9.10'],
      ...points('10.04', 3),
      ...['10.10', '11.04', '11.10'],
      ...points('12.04', 5),
      ...['12.10', '13.04', '13.10'],
      ...points('14.04', 5),
      ...['14.10', '15.04', '15.10'],
      ...points('16.04', 1),
      ...['16.10', '17.04', '17.10', '18.04', '18.10'],
    ],
    ...virtio,
  },
  { names: ['Windows'], versions: ['2000'], arches: ['i386'], types: ['iso'] },
  {
    names: ['Windows'],
    versions: ['XP', '2003', '7', '2008', '2012', '8', '8.1', '2016', '10'],
    types: ['iso'],
  },
];

function planOf(distro: string, version: string, arch: Arch, type: 'url' | 'iso') {
  const url = type === 'url' ? 'http://mirror.test/os/' : 'http://mirror.test/os.iso';
  const tdl = testTdl({ distro, version, arch, install: { type, url, extras: [] }, key: 'A-B' });
  return plan(testInput({ osinfo, tdl }));
}

/** What is wrong with one plan. */
function faults(distro: string, version: string, arch: Arch, type: 'url' | 'iso', row: Row) {
  const what = `${distro} ${version} ${arch} ${type}`;
  try {
    const { os, hardware } = planOf(distro, version, arch, type);
    const { nic = hardware.nicModel, bus = hardware.diskBus } = row;
    return [
      ...(os.match === 'exact' ? [] : [`${what}: taken as ${os.name}`]),
      ...(hardware.nicModel === nic ? [] : [`${what}: ${hardware.nicModel} instead of ${nic}`]),
      ...(hardware.diskBus === bus ? [] : [`${what}: ${hardware.diskBus} instead of ${bus}`]),
    ];
  } catch (error) {
    return [`${what}: ${(error as Error).message}`];
  }
}

const label = ({ names, versions }: Row) => `${names.join(', ')}: ${versions.join(' ')}`;

describe('systems that Oz knows', () => {
  it.each(rows.map((row) => [label(row), row] as const))(
    'have a plan: %s',
    (_label, row) => {
      const { names, versions, arches = both, types = ['url', 'iso'] } = row;
      const wrong: string[] = [];
      const [name = '', ...aliases] = names;
      for (const alias of aliases) {
        for (const version of versions) {
          const match = osinfo.findForTdl(alias, version);
          if (match?.match !== 'exact') wrong.push(`${alias} ${version}: not known`);
          else if (!familyOf(match.os, testTdl())) wrong.push(`${alias} ${version}: no family`);
        }
      }
      for (const version of versions) {
        for (const arch of arches) {
          for (const type of types) {
            wrong.push(...faults(name, version, arch, type, row));
          }
        }
      }
      expect(wrong).toEqual([]);
      // some hundred plans, each with a hashed password
    },
    180_000,
  );
});
