/** The walk through all that a system derives from and clones. */
import type { Database } from '../database/database.ts';
import type { OsRecord } from '../database/os-record.ts';

/**
 * The system itself, then its ancestors, depth first, nearest first, in the
 * order libosinfo visits them. One that is reached by two ways comes once.
 * Files are read as far as the walk is followed.
 */
export function* lineage(
  database: Pick<Database, 'warn'>,
  find: (id: string) => OsRecord | undefined,
  start: OsRecord,
  seen: Set<string> = new Set(),
): Generator<OsRecord> {
  if (seen.has(start.id)) return;
  seen.add(start.id);
  yield start;
  for (const id of [...start.derivesFrom, ...start.clones]) {
    const next = find(id);
    if (next) yield* lineage(database, find, next, seen);
    else database.warn(`${start.id} derives from ${id}, which is not defined`);
  }
}

export const osLineage = (database: Database, os: OsRecord): Generator<OsRecord> =>
  lineage(database, database.os, os);
