/** The walk through all that a system derives from and clones. */
import type { Database } from '../database/database.ts';
import type { OsRecord } from '../database/os-record.ts';

/**
 * The system itself, then its ancestors, depth first, nearest first, in the
 * order libosinfo visits them. One that is reached by two ways comes once.
 * Files are read as far as the walk is followed.
 */
function* lineage(
  database: Pick<Database, 'warn'>,
  find: (id: string) => OsRecord | undefined,
  start: OsRecord,
  parents: (record: OsRecord) => readonly string[],
  seen: Set<string> = new Set(),
): Generator<OsRecord> {
  if (seen.has(start.id)) return;
  seen.add(start.id);
  yield start;
  for (const id of parents(start)) {
    const next = find(id);
    if (next) yield* lineage(database, find, next, parents, seen);
    else database.warn(`${start.id} derives from ${id}, which is not defined`);
  }
}

export const osLineage = (database: Database, os: OsRecord): Generator<OsRecord> =>
  lineage(database, database.os, os, (record) => [...record.derivesFrom, ...record.clones]);

/** A platform has the devices of the one that it upgrades; an OS has not. */
export const platformLineage = (database: Database, platform: OsRecord): Generator<OsRecord> =>
  lineage(database, database.platform, platform, (record) => [
    ...record.derivesFrom,
    ...record.upgrades,
  ]);
