/** Which of the database's media and trees something is. */
import type { Database } from '../database/database.ts';
import { type Params, param } from '../database/entity.ts';
import { mediaOf, type OsRecord, type SourceRecord, treesOf } from '../database/os-record.ts';
import type { IsoIdentity } from './iso.ts';
import { fits } from './pattern.ts';
import { mayHave } from './prefilter.ts';
import type { TreeIdentity } from './treeinfo.ts';

export interface Match {
  os: OsRecord;
  source: SourceRecord;
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
    const suitable = sourcesOf(os).filter((source) => suits(source.params));
    const stated = suitable.filter((source) => !source.filling);
    const found = (stated.length ? stated : suitable).map((source) => ({ os, source }));
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
