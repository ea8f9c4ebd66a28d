/** oz os list: what the database has, filtered and sorted like osinfo-query's output. */
import { formatTable, listEntities } from '../../../osinfo/query/list.ts';
import type { Io } from '../io.ts';
import { assignment, ozOsList } from '../options-os.ts';
import { runCommand } from '../run-command.ts';
import { usageError } from '../usage-error.ts';
import { osDatabase, writeJson } from './database.ts';

export async function main(argv: readonly string[], io: Io): Promise<number> {
  return runCommand(ozOsList, argv, io, async ({ options, operands }) => {
    const { of = 'os', fields, sort, family, distro, vendor } = options;
    const conditions = [
      ...Object.entries({ family, distro, vendor }).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value] as const],
      ),
      ...operands.map(assignment),
    ];
    const filter: Record<string, string> = {};
    for (const [name, value] of conditions) {
      if (Object.hasOwn(filter, name)) throw usageError(`there are two conditions on ${name}`);
      filter[name] = value;
    }
    const rows = listEntities(osDatabase(io), of, { filter, sort, fields });
    if (options.json) writeJson(io, rows);
    else io.stdout.write(formatTable(of, rows, fields));
    return 0;
  });
}
