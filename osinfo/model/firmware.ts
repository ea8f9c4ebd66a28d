/** Which firmware a system boots with. */
import { type FirmwareRecord, firmwaresOf, type OsRecord } from '../database/os-record.ts';

/** The nearest statement for each architecture and type, the unsupported included. */
export function statedFirmware(lineage: readonly OsRecord[]): FirmwareRecord[] {
  const found = new Map<string, FirmwareRecord>();
  for (const firmware of lineage.flatMap(firmwaresOf)) {
    const key = `${firmware.arch} ${firmware.type}`;
    if (!found.has(key)) found.set(key, firmware);
  }
  return [...found.values()];
}
