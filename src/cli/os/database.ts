/** The osinfo database as the commands of `oz os` open it. */
import type { Database } from '../../../osinfo/database/database.ts';
import { openOsinfo } from '../../../osinfo/open.ts';
import type { Io } from '../io.ts';

/** What is broken in it is told on standard error, and left out. */
export function osDatabase(io: Io): Database {
  return openOsinfo({
    env: io.env,
    needsInstalled: true,
    onWarning: (message) => io.stderr.write(`Warning: ${message}\n`),
  });
}

/** One document, as every command prints it with --json. */
export function writeJson(io: Io, document: unknown): void {
  io.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
