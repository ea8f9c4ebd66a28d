/** What is known of an operating system, for people to read. */
import type { DeviceRow, OsDescription, Values } from '../../../osinfo/query/show.ts';
import { bytes, printable } from './format.ts';
import { textTable } from './table.ts';

const joined = (value: string | string[] | undefined): string =>
  value === undefined ? '' : [value].flat().join(', ');

function withHeading(heading: readonly string[], rows: readonly string[][], indent = ''): string[] {
  return rows.length ? textTable([heading, ...rows], indent) : [];
}

const deviceRow = (device: DeviceRow): string[] =>
  [device.name, device.class, device['bus-type'], device.vendor, device.product, device.id].map(
    joined,
  );
const deviceHeading = ['Name', 'Class', 'Bus', 'Vendor', 'Product', 'ID'];

/** The table of `oz os devices`; a line that says so when there are none. */
export function deviceTable(devices: readonly DeviceRow[]): string {
  if (!devices.length) return 'no devices are known\n';
  return `${printable(withHeading(deviceHeading, devices.map(deviceRow)).join('\n'))}\n`;
}

const sizes = new Set(['ram', 'storage']);

function size(name: string, value: string | string[] | undefined): string {
  const text = joined(value);
  return text && sizes.has(name) ? bytes(Number(text)) : text;
}

function resources({ resources: all }: OsDescription): string[] {
  const names = ['n-cpus', 'cpu', 'ram', 'storage'];
  const rows = Object.entries(all).flatMap(([kind, list]) =>
    list.map((stated) => [kind, stated.arch, ...names.map((name) => size(name, stated[name]))]),
  );
  return withHeading(['For', 'Arch', 'CPUs', 'Hertz', 'Memory', 'Disk'], rows, '  ');
}

const sourceNames = ['architecture', 'variant', 'volume-id', 'kernel', 'initrd', 'url', 'format'];

/** Media, trees and images: a line each of what they have, the columns that none has left out. */
function sources(list: readonly Values[]): string[] {
  const present = sourceNames.filter((name) => list.some((source) => source[name] !== undefined));
  return withHeading(
    present,
    list.map((source) => present.map((name) => joined(source[name]))),
    '  ',
  );
}

const pairs = (entries: readonly (readonly [string, string | string[] | undefined])[]): string[] =>
  textTable(
    entries.flatMap(([name, value]) => (joined(value) ? [[name, joined(value)]] : [])),
    '  ',
  );

/** The whole text of `oz os show`. */
export function osText(os: OsDescription): string {
  const { name, ...values } = os.values;
  const sections: [string, string[]][] = [
    [
      joined(name) || os.id,
      pairs([
        ['id', os.id],
        ...Object.entries(values),
        ['derives from', os.derivesFrom],
        ['clones', os.clones],
        ['upgrades', os.upgrades],
        ['kernel argument', os.kernelUrlArgument],
        ['cloud image user', os.cloudImageUsername],
        ['variants', os.variants.map((variant) => joined(variant.name) || joined(variant.id))],
        [
          'firmware',
          os.firmware.map((f) => `${f.arch} ${f.type}${f.supported ? '' : ' (not supported)'}`),
        ],
      ]),
    ],
    ['Resources', resources(os)],
    ['Devices', withHeading(deviceHeading, os.devices.map(deviceRow), '  ')],
    ['Media', sources(os.media)],
    ['Trees', sources(os.trees)],
    ['Images', sources(os.images)],
    [
      'Install scripts',
      pairs(
        os.scripts.map((s) => [joined(s.profile), [joined(s['expected-filename']), joined(s.id)]]),
      ),
    ],
    [
      'Drivers',
      os.drivers.map((d) => `  ${joined(d.arch)} ${joined(d.location)} (${d.files.length} files)`),
    ],
  ];
  return `${printable(
    sections
      .filter(([, lines]) => lines.length)
      .map(([title, lines]) => [title, ...lines].join('\n'))
      .join('\n\n'),
  )}\n`;
}
