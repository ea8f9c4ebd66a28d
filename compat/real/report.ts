/** What came of a comparison, in Markdown. */
import { readFile } from 'node:fs/promises';
import { XmlDocument } from 'libxml2-wasm';
import type { CrossResult } from './cross.ts';
import {
  compareFiles,
  compareLists,
  type Difference,
  type ListDifference,
  type Look,
} from './images.ts';

/** Why files may differ between two installs of one system. The first match counts. */
const reasons: readonly [reason: string, files: RegExp, what?: Difference['what']][] = [
  [
    'host keys, which Ozma removes and has made anew',
    /^\/etc\/ssh\/ssh_host_|\/ssh-host-keys\.service$/,
  ],
  [
    'made for each install: UUIDs, machine id, random seeds',
    /^\/etc\/(machine-id|fstab)$|\/random-seed$|^\/boot\/grub\/grub\.cfg$|^\/var\/lib\/(dbus\/machine-id|systemd\/|cloud)|^\/etc\/hostid$/,
  ],
  [
    'compiled again each time, with times in it',
    /^\/boot\/initrd|\/ldconfig\/|\/ld\.so\.cache$|^\/var\/lib\/(dpkg|apt)\/|^\/var\/cache\/|\.pyc$|^\/boot\/grub\//,
  ],
  ['passwords, salted', /^\/etc\/(shadow|gshadow)-?$/, 'content'],
  [
    'logs, histories, leases',
    /^\/var\/log\/|^\/var\/lib\/(dhcp|dhcpcd|NetworkManager|installer|wtmpdb)|^\/(etc|var)\/\.updated$|^\/root\/\.(bash_history|lesshst)|^\/var\/spool\/|^\/run\/|^\/tmp\/|^\/var\/tmp\//,
  ],
  [
    'settings that console-setup makes',
    /^\/etc\/.*(console|keyboard)-setup|^\/etc\/default\/keyboard$/,
  ],
  [
    'arguments of the kernel: names of network devices, the serial console',
    /^\/etc\/(network\/interfaces|default\/grub|securetty)|^\/var\/lib\/ucf\//,
  ],
  ['left by Oz', /\.ozbackup$|^\/etc\/rc\d\.d\/S\d+(ssh|cron)$|^\/root\/\.ssh$/],
  ['where the installer came from', /^\/etc\/apt\/sources\.list~?$|^\/etc\/resolv\.conf/],
];

export const notExplained = 'not explained';

const reasonOf = ({ file, what }: Difference): string =>
  reasons.find(([, files, only]) => files.test(file) && (only ?? what) === what)?.[0] ??
  notExplained;

/** `extra` says which files belong to packages that only one image has. */
export function explained(
  differences: readonly Difference[],
  extra: (file: string) => boolean = () => false,
): Map<string, Difference[]> {
  const groups = new Map<string, Difference[]>();
  for (const difference of differences) {
    const reason = extra(difference.file)
      ? 'of packages that only one image has'
      : reasonOf(difference);
    groups.set(reason, [...(groups.get(reason) ?? []), difference]);
  }
  return groups;
}

/** Names of the packages in an ICICLE document. */
export async function icicleNames(text: string): Promise<string[]> {
  const [own = ''] = /<icicle[\s>][\s\S]*<\/icicle>/.exec(text) ?? [];
  const document = XmlDocument.fromString(own);
  try {
    return document.find('/icicle/packages/package/@name').map((node) => node.content);
  } finally {
    document.dispose();
  }
}

const listed = (what: string, { same, onlyOz, onlyOurs }: ListDifference): string =>
  [
    `- ${what}: ${same} the same`,
    ...(onlyOz.length ? [`only Oz: ${onlyOz.join(', ')}`] : []),
    ...(onlyOurs.length ? [`only Ozma: ${onlyOurs.join(', ')}`] : []),
  ].join('; ');

export interface Compared {
  looks: { oz: Look; ours: Look };
  icicles: { oz: string; ours: string };
}

/** `good`: all files that differ are explained, and the partitions and file systems are the same. */
export async function resultOf({ looks: { oz, ours }, icicles }: Compared) {
  const differences = compareFiles(oz.files, ours.files);
  const packages = compareLists(oz.packages, ours.packages);
  const lone = new Set(
    [...packages.onlyOz, ...packages.onlyOurs].map((each) => each.split(' ')[0]),
  );
  const groups = explained(differences, (file) => {
    const owner = oz.owners.get(file) ?? ours.owners.get(file);
    return owner !== undefined && lone.has(owner);
  });
  const names = new Set([...oz.files.keys(), ...ours.files.keys()]);
  const same = (what: string, a: string, b: string) =>
    a === b ? `- ${what}: the same, ${a}` : `- ${what}: Oz ${a}; Ozma ${b}`;
  const lines = [
    same('partition table', oz.table, ours.table),
    same('ext4 features', oz.fileSystem, ours.fileSystem),
    listed('packages with versions', packages),
    listed('users', compareLists(oz.users, ours.users)),
    listed('ICICLE', compareLists(await icicleNames(icicles.oz), await icicleNames(icicles.ours))),
    `- files: ${names.size - differences.length} of ${names.size} the same`,
    ...[...groups].flatMap(([reason, files]) => [
      `  - ${reason}: ${files.length}`,
      ...(reason === notExplained || reason === 'left by Oz'
        ? files.slice(0, 40).map(({ file, what }) => `    - ${file} (${what})`)
        : []),
    ]),
  ];
  const alike = oz.table === ours.table && oz.fileSystem === ours.fileSystem;
  return { lines, good: alike && !groups.has(notExplained) };
}

export async function readRun<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T;
}

/** What each side made of the other's image. */
export function crossLines(results: readonly CrossResult[]): string[] {
  const names = { oz: 'Oz', ours: 'Ozma' };
  return results.map(({ by, of, command, seconds, exitCode, wrong }) => {
    const outcome = exitCode ? `exit code ${exitCode}` : wrong.join(', ') || 'as it should be';
    return `- ${names[by]}'s ${command} on ${names[of]}'s image and XML: ${outcome}, ${seconds} s`;
  });
}
