/** oz os show: everything about one operating system. */
import { findOs, showOs } from '../../../osinfo/query/show.ts';
import type { Io } from '../io.ts';
import { ozOsShow } from '../options-os.ts';
import { osText } from '../render/os-text.ts';
import { runCommand } from '../run-command.ts';
import { osDatabase, writeJson } from './database.ts';

export async function main(argv: readonly string[], io: Io): Promise<number> {
  return runCommand(ozOsShow, argv, io, async ({ options, operands: [id = ''] }) => {
    const database = osDatabase(io);
    const description = showOs(database, findOs(database, id));
    if (options.json) writeJson(io, description);
    else io.stdout.write(osText(description));
    return 0;
  });
}
