/** An oz.cfg for one backend out of one that exists; comments, order and values stay. */

import { suggest } from '../base/suggest.ts';
import { parseIni } from '../config/ini.ts';
import { configKeys } from '../config/keys.ts';
import { parseConfig } from '../config/load.ts';
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

function unknown(section: string, key: string): string | undefined {
  const inSection = configKeys.filter((known) => known.section === section);
  if (inSection.length === 0) return `nobody reads section [${section}]`;
  if (inSection.some((known) => known.key === key)) return undefined;
  const nearest = suggest(
    key,
    inSection.map((known) => known.key),
  );
  return `nobody reads this key${nearest ? `; did you mean ${nearest}?` : ''}`;
}

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
      `#${key} = ${value}`,
    ]),
  ];
}

const isContinuation = (line: string | undefined) => line !== undefined && /^\s+\S/.test(line);

/** Line numbers (from 1) of keys that no longer count, with the reason. */
function outdatedLines(text: string, source: string, backend: BackendName): Map<number, string> {
  const found = new Map<number, string>();
  for (const [section, values] of parseIni(text, source).sections) {
    for (const [key, { line }] of values) {
      const why = unknown(section, key) ?? useless[backend][`${section}.${key}`];
      if (why !== undefined) found.set(line, why);
    }
  }
  return found;
}

/** Turns a key, with the lines that continue it, into comments. */
function withoutOutdated(lines: string[], outdated: Map<number, string>, changes: string[]) {
  const result: string[] = [];
  let dropping = false;
  for (const [index, line] of lines.entries()) {
    const why = outdated.get(index + 1);
    dropping = why !== undefined || (dropping && isContinuation(line));
    if (why !== undefined) {
      result.push(`${mark}${why}`);
      changes.push(`line ${index + 1}: ${why}`);
    }
    result.push(dropping ? `#${line}` : line);
  }
  return result;
}

/** Sets [backend] type, where it is or at the top. */
function withBackend(lines: string[], backend: BackendName, changes: string[]): string[] {
  const start = lines.findIndex((line) => /^\[backend\]/.test(line.trim()));
  if (start < 0) {
    changes.push(`[backend] type = ${backend} was added`);
    const first = lines.findIndex((line) => /^\s*\[/.test(line));
    const at = first < 0 ? lines.length : first;
    return [...lines.slice(0, at), '[backend]', `type = ${backend}`, '', ...lines.slice(at)];
  }
  const next = lines.findIndex((line, i) => i > start && /^\s*\[/.test(line));
  const end = next < 0 ? lines.length : next;
  const type = lines.findIndex(
    (line, i) => i > start && i < end && /^type\s*[=:]/i.test(line.trim()),
  );
  const wanted = `type = ${backend}`;
  if (type >= 0 && lines[type]?.trim() === wanted) return lines;
  changes.push(`[backend] ${wanted}`);
  const rest = lines.slice(type < 0 ? start + 1 : type + 1);
  return [...lines.slice(0, type < 0 ? start + 1 : type), wanted, ...rest];
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
  const changes: string[] = [];
  const outdated = outdatedLines(text, source, backend);
  const kept = withoutOutdated(text.split(/\r\n|\r|\n/), outdated, changes);
  const placed = withBackend(kept, backend, changes);
  const missing = backend === 'openstack' && !parseIni(text, source).sections.has('openstack');
  if (missing) {
    changes.push('[openstack] was added, to be filled in');
    while (placed.at(-1) === '') placed.pop();
    placed.push(...openstackSection(), '');
  }
  const result = placed.join('\n');
  parseConfig(result, source, where);
  return { text: changes.length > 0 ? result : text, changes };
}
