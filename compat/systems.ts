/** Names and versions of systems that Oz may take: more than it does, so that limits are seen. */

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String(from + i));

const updates = ['GOLD', ...numbers(0, 12).map((n) => `U${n}`), ...numbers(0, 10)];
const rhel = ['2.1', ...numbers(3, 10)].flatMap((n) =>
  ['RHEL', 'CentOS', 'ScientificLinux', 'SL', 'ScientificLinuxCern', 'SLC', 'OL', 'OEL']
    .concat('RedHatEnterpriseLinux', 'OracleEnterpriseLinux')
    .map((name) => `${name}-${n}`),
);
const yearly = numbers(5, 20).flatMap((year) => ['04', '06', '10'].map((m) => `${year}.${m}`));
const points = yearly.flatMap((v) => [v, ...numbers(1, 7).map((n) => `${v}.${n}`)]);
const decimals = numbers(7, 15).flatMap((n) => [n, ...numbers(0, 4).map((m) => `${n}.${m}`)]);

const candidates: Record<string, string[]> = {
  ...Object.fromEntries(rhel.map((name) => [name, updates])),
  ...{ Fedora: numbers(1, 45), FedoraCore: numbers(0, 8), FC: numbers(0, 8) },
  ...{ Debian: numbers(1, 15), Ubuntu: points, RHL: decimals, RedHatLinux: decimals },
  OpenSUSE: [...decimals, '42.1', '42.2', '42.3', '15.5'],
  Mandrake: decimals,
  Mandriva: ['2005', '2006', '2006.0', '2007.0', '2007.1', '2008.0', '2008.1', '2009.0', '2011'],
  Mageia: [...numbers(1, 9), '4.1'],
  FreeBSD: decimals,
  Windows: ['98', '2000', 'XP', '2003', 'Vista', '7', '2008', '8', '8.1', '10', '11'].concat(
    ...['2012', '2016', '2019', '2022'],
  ),
};

/** As TDLs name them: distribution and version. */
export const systems: readonly (readonly [distro: string, version: string])[] = Object.entries(
  candidates,
).flatMap(([distro, versions]) => versions.map((version) => [distro, version] as const));
