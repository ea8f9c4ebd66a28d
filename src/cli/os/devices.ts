/** oz os devices: what hardware an operating system has drivers for. */
import { findOs, osDevices } from '../../../osinfo/query/show.ts';
import type { Io } from '../io.ts';
import { ozOsDevices } from '../options-os.ts';
import { deviceTable } from '../render/os-text.ts';
import { runCommand } from '../run-command.ts';
import { osDatabase, writeJson } from './database.ts';

export async function main(argv: readonly string[], io: Io): Promise<number> {
  return runCommand(ozOsDevices, argv, io, async ({ options, operands: [id = ''] }) => {
    const database = osDatabase(io);
    const devices = osDevices(database, findOs(database, id), options.platform);
    if (options.json) writeJson(io, devices);
    else io.stdout.write(deviceTable(devices));
    return 0;
  });
}
