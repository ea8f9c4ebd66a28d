/** Which of the database's media and trees something is. */
import type { Database } from '../database/database.ts';
import { type Params, param } from '../database/entity.ts';
import { mediaOf, type OsRecord, type SourceRecord, treesOf } from '../database/os-record.ts';
import type { IsoIdentity } from './iso.ts';
import type { TreeIdentity } from './treeinfo.ts';

export interface Match {
  os: OsRecord;
  source: SourceRecord;
}

const compiled = new Map<string, RegExp | null>();

/** Null when it is no regular expression, which then matches nothing. */
function regex(pattern: string): RegExp | null {
  let known = compiled.get(pattern);
  if (known === undefined) {
    try {
      known = new RegExp(pattern);
    } catch {
      known = null;
    }
    compiled.set(pattern, known);
  }
  return known;
}

/** A pattern that is not given fits anything, one that is given needs a value. */
function fits(pattern: string | undefined, value: string | undefined): boolean {
  if (pattern === undefined) return true;
  return value !== undefined && (regex(pattern)?.test(value) ?? false);
}

const plainStart = /^\^?([\w ./-]*)(.?)/;

/** What is out of the ordinary in a pattern as its file has it: escapes of XML, other letters. */
const unusual = /[^ -~]|&/;

/** False when a value cannot match a pattern; judged by how that begins, most are never compiled. */
function mayFit(pattern: string, value: string): boolean {
  if (unusual.test(pattern)) return true;
  const [, plain = '', next = ''] = pattern.includes('|') ? [] : (plainStart.exec(pattern) ?? []);
  // a dot stands for anything, and what follows may say that the last letter need not be there
  const sure = plain.slice(0, /[?*{]/.test(next) ? -1 : undefined).split('.')[0] ?? '';
  return value.includes(sure) && fits(pattern, value);
}

/**
 * Judges the text of a file, unparsed: whether any of its elements of that
 * name may fit the values. Errs on the side of reading the file.
 */
function mayHave(
  element: string,
  values: Readonly<Record<string, string | undefined>>,
): (text: string) => boolean {
  const wanted = Object.entries(values).map(([name, value]) => ({
    start: `<${name}>`,
    end: `</${name}>`,
    value: value ?? '',
  }));
  const mayBe = (block: string): boolean =>
    block.includes('<!') ||
    wanted.every(({ start, end, value }) => {
      const from = block.indexOf(start);
      const to = block.indexOf(end, from);
      return from < 0 || to < 0 || mayFit(block.slice(from + start.length, to), value);
    });
  return (text) => {
    const end = `</${element}>`;
    for (let at = text.indexOf(`<${element}>`); at >= 0; ) {
      const stop = text.indexOf(end, at);
      if (stop < 0 || mayBe(text.slice(at, stop))) return true;
      at = text.indexOf(`<${element}>`, stop);
    }
    // written in another way than usual, or not at all
    return text.includes(`<${element} `) || text.includes(`<${element}\n`);
  };
}

function mediaFits(params: Params, iso: IsoIdentity): boolean {
  const patterns = ['volume-id', 'system-id', 'publisher-id', 'application-id'];
  const size = Number.parseInt(param(params, 'volume-size') ?? '', 10);
  if (!patterns.some((name) => params.has(name)) && !(size > 0)) return false;
  if (size > 0 && size !== iso.volumeSize) return false;
  return (
    fits(param(params, 'volume-id'), iso.volumeId) &&
    fits(param(params, 'application-id'), iso.applicationId) &&
    fits(param(params, 'system-id'), iso.systemId) &&
    fits(param(params, 'publisher-id'), iso.publisherId)
  );
}

function treeFits(params: Params, tree: TreeIdentity): boolean {
  if (param(params, 'has-treeinfo') !== 'true') return false;
  const arch = param(params, 'architecture');
  // libosinfo takes a tree that does not say for one of the old PC
  if (arch !== 'all' && arch !== (tree.arch ?? 'i386')) return false;
  return (
    fits(param(params, 'treeinfo-family'), tree.family) &&
    fits(param(params, 'treeinfo-variant'), tree.variant) &&
    fits(param(params, 'treeinfo-version'), tree.version) &&
    fits(param(params, 'treeinfo-arch'), tree.arch)
  );
}

/** How particular a match is: sizes and longer patterns before others. */
function weight({ source: { params } }: Match): number {
  const names = ['volume-id', 'system-id', 'publisher-id', 'application-id', 'treeinfo-family'];
  const patterns = [...names, 'treeinfo-variant', 'treeinfo-version', 'treeinfo-arch'];
  const length = patterns.reduce((sum, name) => sum + (param(params, name)?.length ?? 0), 0);
  return (params.has('volume-size') ? 1000 : 0) + length;
}

/**
 * All matches, the best first. What is for all architectures or of a rolling
 * release comes after the rest, and only where its system has no better match.
 */
function matches(
  oses: readonly OsRecord[],
  sourcesOf: (os: OsRecord) => SourceRecord[],
  suits: (params: Params) => boolean,
  fallback: (os: OsRecord, params: Params) => boolean,
): Match[] {
  const preferred: Match[] = [];
  const others: Match[] = [];
  for (const os of oses) {
    const found = sourcesOf(os)
      .filter((source) => suits(source.params))
      .map((source) => ({ os, source }));
    const better = found.filter((match) => !fallback(os, match.source.params));
    if (better.length) preferred.push(...better);
    else others.push(...found);
  }
  const best = (a: Match, b: Match): number =>
    weight(b) - weight(a) || (a.source.id < b.source.id ? -1 : 1);
  return [...preferred.sort(best), ...others.sort(best)];
}

export function matchMedia(database: Database, iso: IsoIdentity): Match[] {
  return matches(
    database.osesWith(
      mayHave('iso', {
        'volume-id': iso.volumeId,
        'system-id': iso.systemId,
        'publisher-id': iso.publisherId,
        'application-id': iso.applicationId,
      }),
    ),
    (os) => mediaOf(os, database.languages),
    (params) => mediaFits(params, iso),
    (os, params) =>
      param(params, 'architecture') === 'all' || param(os.params, 'release-status') === 'rolling',
  );
}

export function matchTrees(database: Database, tree: TreeIdentity): Match[] {
  return matches(
    database.osesWith(
      mayHave('treeinfo', { family: tree.family, version: tree.version, variant: tree.variant }),
    ),
    (os) => treesOf(os, database.languages),
    (params) => treeFits(params, tree),
    (_, params) => param(params, 'architecture') === 'all',
  );
}
