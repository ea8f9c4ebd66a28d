/**
 * The names that TDLs give to systems, Oz's and today's, and what they are
 * called in the database. New releases need no change here.
 */

export interface Family {
  /** TDL's names, in lower case; `-<n>` after one of them says the major version. */
  names: readonly string[];
  /** What the ids of its systems begin with, before the version and without http://. */
  ids: readonly string[];
  /** A version as TDL gives it, to the versions to look for, best first. */
  versions: (version: string, major: string | undefined) => string[];
  /** 9.9, when unknown, is rather the newest 9 than the newest of all. */
  series?: true;
}

const asGiven = (version: string): string[] => [version];

/** 13.2 is Debian 13, 9.5 is Debian 9; but 3.1 and before count on their own. */
const debian = (version: string): string[] => [version, major(version)];

function major(version: string): string {
  return version.split('.')[0] ?? version;
}

/** 18.04.2 is 18.04. */
const ubuntu = (version: string): string[] => [version, version.split('.').slice(0, 2).join('.')];

/**
 * RHEL-5 with U10 is 5.10, GOLD is 5.0; RHEL-6 with 4 is 6.4. 9.3 as a version
 * of RHEL is itself, and CentOS-7 knows no minor ones.
 */
function enterprise(version: string, given: string | undefined): string[] {
  const update = /^(?:gold|u?(\d+))$/i.exec(version);
  if (given === undefined) return [version, `${version}.0`, major(version)];
  if (version.startsWith(`${given}.`)) return [version, given];
  const minor = update ? (update[1] ?? '0') : version;
  return minor === '0' ? [`${given}.0`, given] : [`${given}.${minor}`, given];
}

/** From 7 on, the database has one CentOS for all minor versions (7.0 for that of 7). */
function centos(version: string, given: string | undefined): string[] {
  const number = given ?? major(version);
  const whole = Number(number) >= 7 ? [number, `${number}.0`] : [];
  return [...enterprise(version, given), ...whole];
}

/** 15SP7, 15-SP7 and 15.7 are the same; 15 is 15 itself and 16 is 16.0. */
const spaced = (version: string): string[] => {
  const level = /^(\d+)(?:[-. ]?sp|[-. ])(\d+)$/i.exec(version);
  return level
    ? [`${level[1]}.${level[2]}`, ...(level[2] === '0' ? [level[1] as string] : [])]
    : [version, `${version}.0`];
};

const zeroed = (version: string): string[] => [
  version,
  `${version}.0`,
  version.replace(/\.0$/, ''),
];

export const families: readonly Family[] = [
  { names: ['debian'], ids: ['debian.org/debian'], versions: debian },
  { names: ['ubuntu'], ids: ['ubuntu.com/ubuntu'], versions: ubuntu },
  {
    names: ['fedora', 'fedoracore', 'fc'],
    ids: ['fedoraproject.org/fedora'],
    versions: asGiven,
  },
  {
    names: ['rhel', 'redhatenterpriselinux'],
    ids: ['redhat.com/rhel'],
    versions: enterprise,
    series: true,
  },
  { names: ['redhatlinux', 'rhl'], ids: ['redhat.com/rhl'], versions: zeroed },
  {
    names: ['centos'],
    ids: ['centos.org/centos', 'centos.org/centos-stream'],
    versions: centos,
    series: true,
  },
  {
    names: ['centosstream', 'centos-stream'],
    ids: ['centos.org/centos-stream'],
    versions: enterprise,
    series: true,
  },
  {
    names: ['almalinux', 'alma'],
    ids: ['almalinux.org/almalinux'],
    versions: enterprise,
    series: true,
  },
  {
    names: ['rocky', 'rockylinux'],
    ids: ['rockylinux.org/rocky'],
    versions: enterprise,
    series: true,
  },
  {
    names: ['scientificlinux', 'sl', 'scientificlinuxcern', 'slc'],
    ids: ['scientificlinux.org/scientificlinux'],
    versions: enterprise,
    series: true,
  },
  {
    names: ['oraclelinux', 'oracleenterpriselinux', 'ol', 'oel'],
    ids: ['oracle.com/ol', 'oracle.com/oel'],
    versions: enterprise,
    series: true,
  },
  {
    names: ['opensuse', 'opensuseleap'],
    ids: ['opensuse.org/opensuse'],
    versions: zeroed,
    series: true,
  },
  {
    names: ['sles', 'sle'],
    ids: ['suse.com/sles', 'suse.com/sle'],
    versions: spaced,
    series: true,
  },
  { names: ['sled'], ids: ['suse.com/sled'], versions: spaced, series: true },
  { names: ['mandrake'], ids: ['mandriva.com/mandrake'], versions: zeroed },
  {
    names: ['mandriva'],
    ids: ['mandriva.com/mandriva', 'mandriva.com/mandrake'],
    // Mandriva 2005 was Mandrake 10.2 under its new name
    versions: (version) => (/^2005(?:\.0)?$/.test(version) ? ['10.2'] : zeroed(version)),
  },
  {
    names: ['mageia'],
    ids: ['mageia.org/mageia'],
    versions: (version) => [version, major(version)],
  },
  { names: ['freebsd'], ids: ['freebsd.org/freebsd'], versions: zeroed, series: true },
  { names: ['netbsd'], ids: ['netbsd.org/netbsd'], versions: zeroed },
  { names: ['openbsd'], ids: ['openbsd.org/openbsd'], versions: asGiven },
  { names: ['alpine', 'alpinelinux'], ids: ['alpinelinux.org/alpinelinux'], versions: ubuntu },
];

/** Versions that are no numbers: by TDL's name, then version, both in lower case, to the id. */
export const namedVersions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  windows: {
    '2000': 'microsoft.com/win/2k',
    xp: 'microsoft.com/win/xp',
    '2003': 'microsoft.com/win/2k3',
    '2003r2': 'microsoft.com/win/2k3r2',
    vista: 'microsoft.com/win/vista',
    '2008': 'microsoft.com/win/2k8',
    '2008r2': 'microsoft.com/win/2k8r2',
    '7': 'microsoft.com/win/7',
    '8': 'microsoft.com/win/8',
    '8.1': 'microsoft.com/win/8.1',
    '2012': 'microsoft.com/win/2k12',
    '2012r2': 'microsoft.com/win/2k12r2',
    '10': 'microsoft.com/win/10',
    '11': 'microsoft.com/win/11',
    '2016': 'microsoft.com/win/2k16',
    '2019': 'microsoft.com/win/2k19',
    '2022': 'microsoft.com/win/2k22',
    '2025': 'microsoft.com/win/2k25',
  },
  fedora: { rawhide: 'fedoraproject.org/fedora/rawhide', eln: 'fedoraproject.org/fedora/eln' },
  opensuse: {
    tumbleweed: 'opensuse.org/opensuse/tumbleweed',
    factory: 'opensuse.org/opensuse/factory',
  },
  debian: { testing: 'debian.org/debian/testing' },
  arch: { latest: 'archlinux.org/archlinux/rolling', rolling: 'archlinux.org/archlinux/rolling' },
  archlinux: {
    latest: 'archlinux.org/archlinux/rolling',
    rolling: 'archlinux.org/archlinux/rolling',
  },
};
