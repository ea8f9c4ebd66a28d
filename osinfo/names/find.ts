/** From a TDL's name and version of a system to its entity. */
import type { Database } from '../database/database.ts';
import { param } from '../database/entity.ts';
import type { OsRecord } from '../database/os-record.ts';
import { type Family, families, namedVersions } from './families.ts';
import { compareVersions, numericVersion } from './versions.ts';

export interface Found {
  os: OsRecord;
  match: 'exact' | 'newest-known';
}

interface Name {
  name: string;
  family: Family | undefined;
  /** Of RHEL-6. */
  major: string | undefined;
}

const familyOf = (name: string): Family | undefined =>
  families.find((family) => family.names.includes(name));

function parseName(distro: string): Name {
  const name = distro.toLowerCase();
  const split = /^(.+)-(\d+(?:\.\d+)?)$/.exec(name);
  const whole = familyOf(name);
  if (whole || !split) return { name, family: whole, major: undefined };
  return { name: split[1] ?? name, family: familyOf(split[1] ?? name), major: split[2] };
}

const unreleased = (os: OsRecord): boolean =>
  ['snapshot', 'prerelease'].includes(param(os.params, 'release-status') ?? '');

/** The newest of several (id, version), the released ones before the others. */
function newest(
  database: Database,
  known: readonly { id: string; version: number[] }[],
): OsRecord | undefined {
  const oses = [...known]
    .sort((a, b) => compareVersions(b.version, a.version))
    .map(({ id }) => database.os(id))
    .filter((os) => os !== undefined);
  return oses.find((os) => !unreleased(os)) ?? oses[0];
}

/** The newest known one when `wanted` is newer; of its major version when that was named. */
function newestKnown(
  database: Database,
  family: Family,
  wanted: readonly number[],
  major: string | undefined,
): OsRecord | undefined {
  const known = family.ids.flatMap((prefix) =>
    database.versions('os', prefix).flatMap((text) => {
      const version = numericVersion(text);
      return version ? [{ id: `http://${prefix}/${text}`, version }] : [];
    }),
  );
  const older = known.filter(({ version }) => compareVersions(version, wanted) < 0);
  const sameMajor = older.filter(({ version }) => String(version[0]) === major);
  if (major !== undefined && sameMajor.length) return newest(database, sameMajor);
  return older.length === known.length ? newest(database, known) : undefined;
}

/** Windows counts clients (10, 11) and servers (2016, 2019) apart. */
function newestNamed(database: Database, name: string, version: string): OsRecord | undefined {
  const wanted = numericVersion(version);
  if (!wanted || name !== 'windows') return undefined;
  const server = (n: readonly number[]): boolean => (n[0] ?? 0) >= 2000;
  const known = Object.entries(namedVersions.windows ?? {}).flatMap(([text, id]) => {
    const number = numericVersion(text);
    return number && server(number) === server(wanted)
      ? [{ id: `http://${id}`, version: number }]
      : [];
  });
  const newer = known.some(
    (k) => compareVersions(k.version, wanted) >= 0 && database.os(k.id) !== undefined,
  );
  return newer ? undefined : newest(database, known);
}

export function findForTdl(database: Database, distro: string, version: string): Found | undefined {
  const { name, family, major } = parseName(distro);
  const names = Object.hasOwn(namedVersions, name) ? namedVersions[name] : undefined;
  const wanted = version.trim().toLowerCase();
  const special = names && Object.hasOwn(names, wanted) ? names[wanted] : undefined;
  const candidates = [
    ...(special === undefined ? [] : [`http://${special}`]),
    ...(family?.versions(wanted, major) ?? []).flatMap((text) =>
      family?.ids.map((prefix) => `http://${prefix}/${text}`),
    ),
  ];
  for (const id of candidates) {
    const os = id === undefined ? undefined : database.os(id);
    if (os) return { os, match: 'exact' };
  }
  const number = numericVersion(family?.versions(wanted, major)[0] ?? wanted);
  const fallback = family
    ? number &&
      newestKnown(
        database,
        family,
        number,
        major ?? (family.series ? wanted.split('.')[0] : undefined),
      )
    : newestNamed(database, name, wanted);
  return fallback ? { os: fallback, match: 'newest-known' } : undefined;
}

/** What findForTdl() takes for exactly this system. */
export function versionForTdl(
  database: Database,
  distro: string,
  os: OsRecord,
): string | undefined {
  const { name } = parseName(distro);
  const names = Object.hasOwn(namedVersions, name) ? namedVersions[name] : undefined;
  const [named] = Object.entries(names ?? {}).find(([, id]) => os.id === `http://${id}`) ?? [];
  const own = [named, param(os.params, 'version'), os.id.slice(os.id.lastIndexOf('/') + 1)];
  return own.find((version) => {
    const found = version === undefined ? undefined : findForTdl(database, distro, version);
    return found?.match === 'exact' && found.os.id === os.id;
  });
}
