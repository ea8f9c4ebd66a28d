/** Which of the known hypervisors stands for one that is newer than they are. */
import type { Database } from '../database/database.ts';
import type { OsRecord } from '../database/os-record.ts';
import { compareVersions, numericVersion } from '../names/versions.ts';

/**
 * The platform of this id (`http://qemu.org/qemu/7.2.22`), or else the newest
 * known version of the same product that is not newer: a hypervisor loses no
 * devices. Undefined when there is none.
 */
export function nearestPlatform(database: Database, id: string): OsRecord | undefined {
  const exact = database.platform(id);
  const slash = id.lastIndexOf('/');
  const wanted = numericVersion(id.slice(slash + 1));
  if (exact || !wanted || !id.startsWith('http://')) return exact;
  const [best] = database
    .versions('platform', id.slice('http://'.length, slash))
    .flatMap((text) => {
      const version = numericVersion(text);
      return version && compareVersions(version, wanted) <= 0 ? [{ text, version }] : [];
    })
    .sort((a, b) => compareVersions(b.version, a.version));
  return best && database.platform(`${id.slice(0, slash)}/${best.text}`);
}
