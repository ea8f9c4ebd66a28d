/** An oz.cfg for one backend out of one that exists; comments, order and values stay. */

import { type IniFile, parseIni } from '../config/ini.ts';
import { configKeys } from '../config/keys.ts';
import { parseConfig } from '../config/load.ts';
import { guessKey, guessSection, keysUnread } from '../config/unknown-keys.ts';
import type { Surroundings } from '../config/values.ts';
import type { BackendName } from './check-tdl.ts';

export interface Migrated {
  text: string;
  /** What was changed, a line each; empty: nothing. */
  changes: string[];
}

/** Stands before what was taken out. */
const mark = '# ozma: ';

/** What means nothing to the other backend. */
const useless: Record<BackendName, Record<string, string>> = {
  openstack: {
    'libvirt.uri': 'a cloud is no libvirt connection',
    'libvirt.type': 'the cloud chooses the kind of its guests',
    'libvirt.bridge_name': 'a network of the cloud is used: [openstack] network',
    'cache.jeos': 'finished installations in a cloud are not kept',
  },
  libvirt: {},
};

/** What someone who goes to a cloud is asked for. */
const asked = ['cloud', 'flavor', 'network', 'result', 'customize'];

function openstackSection(): string[] {
  const keys = configKeys.filter(
    ({ section, key }) => section === 'openstack' && asked.includes(key),
  );
  return [
    '',
    '[openstack]',
    '# Who you are comes from clouds.yaml or OS_* variables; oz.cfg(5) has all keys.',
    ...keys.flatMap(({ key, description, default: value }) => [
      `# ${description}`,
      `#${key} = ${value}`.trimEnd(),
    ]),
  ];
}

/** What no longer counts: the lines (from 1) from `line` to `end`, with the reason. */
interface Outdated {
  line: number;
  end: number;
  why: string;
}

function outdatedIn(file: IniFile, backend: BackendName): Outdated[] {
  return [...file.sections].flatMap(([section, values]) => {
    const isKnown = configKeys.some((known) => known.section === section);
    const unread = keysUnread(section, values);
    return [...values].flatMap(([key, { line, end }]) => {
      const why = !isKnown
        ? `nobody reads section [${section}]${guessSection(section)}`
        : unread.includes(key)
          ? `nobody reads this key${guessKey(section, key)}`
          : useless[backend][`${section}.${key}`];
      return why === undefined ? [] : [{ line, end, why }];
    });
  });
}

/** Turns values, with the lines that continue them, into comments. */
const withoutOutdated = (lines: readonly string[], outdated: readonly Outdated[]): string[] =>
  lines.flatMap((line, index) => {
    const within = outdated.find((each) => each.line <= index + 1 && index < each.end);
    if (!within) return [line];
    return [...(within.line === index + 1 ? [`${mark}${within.why}`] : []), `#${line}`];
  });

const indentOf = (line: string | undefined) => /^\s*/.exec(line ?? '')?.[0] ?? '';

/** Sets [backend] type, where it is or at the top. */
function withBackend(
  lines: readonly string[],
  source: string,
  backend: BackendName,
  changes: string[],
): string[] {
  const { heads, sections } = parseIni(lines.join('\n'), source);
  const wanted = `type = ${backend}`;
  const head = heads.get('backend');
  if (head === undefined) {
    changes.push(`[backend] ${wanted} was added`);
    const first = Math.min(...heads.values());
    if (heads.size === 0) return [...withoutEnd(lines), '[backend]', wanted, ''];
    // Below a line that is indented less, the next section's head would be a part of its value.
    const indent = indentOf(lines[first - 1]);
    const added = [`${indent}[backend]`, `${indent}${wanted}`, ''];
    return [...lines.slice(0, first - 1), ...added, ...lines.slice(first - 1)];
  }
  const type = sections.get('backend')?.get('type');
  if (type?.raw === backend) return [...lines];
  changes.push(`[backend] ${wanted}`);
  const added = `${indentOf(lines[(type?.line ?? head) - 1])}${wanted}`;
  const [from, to] = type ? [type.line - 1, type.end] : [head, head];
  return [...lines.slice(0, from), added, ...lines.slice(to)];
}

/** Without empty lines at the end. */
function withoutEnd(lines: readonly string[]): string[] {
  return lines.slice(0, lines.findLastIndex((line) => line.trim() !== '') + 1);
}

/**
 * Throws OZ_CONFIG_SYNTAX and OZ_CONFIG_VALUE for what has to be put right by
 * hand first.
 */
export function migrateConfig(
  text: string,
  source: string,
  backend: BackendName,
  where: Surroundings,
): Migrated {
  parseConfig(text, source, where);
  const file = parseIni(text, source);
  const [, byteOrderMark = '', rest = ''] = /^(\uFEFF?)(.*)$/s.exec(text) ?? [];
  const outdated = outdatedIn(file, backend);
  const changes = outdated.map(({ line, why }) => `line ${line}: ${why}`);
  const kept = withoutOutdated(rest.split(/\r\n|\r|\n/), outdated);
  const placed = withBackend(kept, source, backend, changes);
  const missing = backend === 'openstack' && !file.sections.has('openstack');
  if (missing) changes.push('[openstack] was added, to be filled in');
  const lines = missing ? [...withoutEnd(placed), ...openstackSection(), ''] : placed;
  const result = byteOrderMark + lines.join(text.includes('\r\n') ? '\r\n' : '\n');
  parseConfig(result, source, where);
  return { text: changes.length > 0 ? result : text, changes };
}
