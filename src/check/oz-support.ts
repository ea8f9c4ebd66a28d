/** Which systems the last Oz (0.18.1 and what followed) takes, as facts of its behaviour. */
import type { Tdl } from '../tdl/types.ts';

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String(from + i));

const updates = (from: number, to: number) => [
  'GOLD',
  ...numbers(from, to).map((number) => `U${number}`),
];

/** Each Ubuntu release, and how many point releases of it Oz knows. */
const ubuntu: Record<string, number> = {
  ...{ '5.04': 0, '5.10': 0, '6.06': 2, '6.10': 0, '7.04': 0, '7.10': 0, '8.04': 4, '8.10': 0 },
  ...{ '9.04': 0, '9.10': 0, '10.04': 3, '10.10': 0, '11.04': 0, '11.10': 0, '12.04': 5 },
  ...{ '12.10': 0, '13.04': 0, '13.10': 0, '14.04': 5, '14.10': 0, '15.04': 0, '15.10': 0 },
  ...{ '16.04': 6, '16.10': 0, '17.04': 0, '17.10': 0, '18.04': 2, '18.10': 0 },
};

const ubuntuVersions = Object.entries(ubuntu).flatMap(([release, points]) => [
  release,
  ...numbers(1, points).map((point) => `${release}.${point}`),
]);

/** Names of a distribution, and its versions: a list, or any number. */
interface Known {
  names: readonly string[];
  versions: readonly string[] | 'number';
}

const known: readonly Known[] = [
  { names: ['FedoraCore', 'FC'], versions: numbers(1, 6) },
  // those after 30 as if they were 30, with a warning
  { names: ['Fedora'], versions: numbers(7, 99) },
  { names: ['RedHatEnterpriseLinux-2.1', 'RHEL-2.1'], versions: updates(2, 6) },
  { names: ['RedHatEnterpriseLinux-3', 'RHEL-3', 'CentOS-3'], versions: updates(1, 9) },
  {
    names: ['RedHatEnterpriseLinux-4', 'RHEL-4', 'CentOS-4', 'ScientificLinux-4', 'SL-4'],
    versions: updates(1, 9),
  },
  {
    names: [
      ...['RedHatEnterpriseLinux-5', 'RHEL-5', 'CentOS-5', 'OL-5', 'ScientificLinux-5', 'SL-5'],
      ...['ScientificLinuxCern-5', 'SLC-5'],
    ],
    versions: updates(1, 11),
  },
  {
    names: [
      ...['RedHatEnterpriseLinux-6', 'RHEL-6', 'CentOS-6', 'ScientificLinux-6', 'SL-6'],
      ...['ScientificLinuxCern-6', 'SLC-6', 'OracleEnterpriseLinux-6', 'OEL-6', 'OL-6'],
    ],
    versions: 'number',
  },
  { names: ['RHEL-7', 'CentOS-7', 'RHEL-8', 'CentOS-8', 'RHEL-9', 'CentOS-9'], versions: 'number' },
  { names: ['RedHatLinux', 'RHL'], versions: ['7.0', '7.1', '7.2', '7.3', '8', '9'] },
  { names: ['Debian'], versions: numbers(5, 9) },
  { names: ['Ubuntu'], versions: ubuntuVersions },
  {
    names: ['OpenSUSE'],
    versions: [
      ...['10.3', '11.0', '11.1', '11.2', '11.3', '11.4', '12.1', '12.2', '12.3'],
      ...['13.1', '13.2', '42.1', '42.2'],
    ],
  },
  { names: ['Mandrake'], versions: ['8.2', '9.0', '9.1', '9.2', '10.0', '10.1'] },
  { names: ['Mandriva'], versions: ['2005', '2006.0', '2007.0', '2008.0'] },
  { names: ['Mageia'], versions: ['2', '3', '4', '4.1', '5'] },
  { names: ['FreeBSD'], versions: ['10.0', '10.1', '10.2', '10.3', '11.0'] },
  {
    names: ['Windows'],
    versions: ['2000', 'XP', '2003', '7', '2008', '8', '8.1', '2012', '2016', '10'],
  },
];

/** Whether Oz takes a TDL's system at all. */
export function ozTakes({ distro, version }: Pick<Tdl, 'distro' | 'version'>): boolean {
  return known.some(
    ({ names, versions }) =>
      names.includes(distro) &&
      (versions === 'number' ? /^\d+$/.test(version) : versions.includes(version)),
  );
}

const isoOnly = /^(OpenSUSE|Mandrake|Mandriva|FreeBSD|Windows)$/;
const urlOnly = /^(RHL|RedHatLinux|(RHEL|RedHatEnterpriseLinux)-2\.1|RHEL-3)$/;
const i386Only = /^(RHL|RedHatLinux|(RHEL|RedHatEnterpriseLinux)-2\.1|Mandrake)$/;

/** What of a template whose system it takes Oz refuses all the same. */
export function ozRefuses({ distro, version, arch, install }: Tdl): string | undefined {
  const system = `${distro} ${version}`;
  if (arch !== 'i386' && (i386Only.test(distro) || system === 'Windows 2000'))
    return `Oz installs ${system} for i386 only`;
  if (install.type === 'url')
    return isoOnly.test(distro) ? `Oz installs ${distro} from ISOs only` : undefined;
  if (urlOnly.test(distro)) return `Oz installs ${distro} from URLs only`;
  return arch.startsWith('ppc64') ? `Oz takes no ISOs for ${arch}` : undefined;
}

const customisedByOz = /^(Fedora|Debian|OpenSUSE|(RHEL|RedHatEnterpriseLinux|CentOS)-[5-9])$/;
const clonesCustomisedByOz =
  /^((ScientificLinux(Cern)?|SL|SLC|OL)-[56]|(OEL|OracleEnterpriseLinux)-6)$/;

/** Whether Oz can customise a system that it installs. */
export function ozCustomises({ distro, version, install }: Tdl): boolean {
  if (distro === 'Ubuntu') return install.type === 'url' || Number.parseFloat(version) >= 11.04;
  return customisedByOz.test(distro) || clonesCustomisedByOz.test(distro);
}
