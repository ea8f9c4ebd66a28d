/** Which devices a system supports, with all that it inherits. */
import type { Database } from '../database/database.ts';
import type { DeviceRecord } from '../database/device-record.ts';
import { type DeviceLink, deviceLinksOf, type OsRecord } from '../database/os-record.ts';

/** Links of a whole lineage: a device that anyone in it marks unsupported is out. */
export function supportedLinks(lineage: readonly OsRecord[]): DeviceLink[] {
  const links = lineage.flatMap(deviceLinksOf);
  const unsupported = new Set(links.filter((l) => !l.supported).map((l) => l.deviceId));
  const found = new Map<string, DeviceLink>();
  for (const link of links) {
    if (!unsupported.has(link.deviceId) && !found.has(link.deviceId))
      found.set(link.deviceId, link);
  }
  return [...found.values()];
}

export function supportedDevices(database: Database, lineage: readonly OsRecord[]): DeviceRecord[] {
  return supportedLinks(lineage).map(
    ({ deviceId }) => database.device(deviceId) ?? { id: deviceId, params: new Map() },
  );
}
