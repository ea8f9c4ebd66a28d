/**
 * libosinfo in TypeScript: operating systems, what hardware they support, where
 * their installers are and the scripts that run these unattended.
 *
 *     import { detectIso, loadOsinfo } from 'ozma/osinfo';
 *     const osinfo = loadOsinfo();
 *     const debian = osinfo.os('debian13');
 *     if (debian) console.log(osinfo.resources(debian, 'x86_64').minimum?.ram); // bytes
 *     const [held] = await detectIso('/srv/debian.iso');
 */
import { OzError } from '../src/base/errors.ts';
import type { Database } from './database/database.ts';
import type { DeviceRecord } from './database/device-record.ts';
import { param } from './database/entity.ts';
import { mediaOf, type OsRecord, type ResourceKind, treesOf } from './database/os-record.ts';
import { osinfoArch } from './model/architectures.ts';
import { supportedDevices, supportedLinks } from './model/devices.ts';
import { statedFirmware } from './model/firmware.ts';
import { osLineage, platformLineage } from './model/lineage.ts';
import { nearestPlatform } from './model/platform.ts';
import { resourcesFor } from './model/resources.ts';
import { sourcesFor } from './model/sources.ts';
import { findForTdl, versionForTdl } from './names/find.ts';
import { type OsinfoOptions, openOsinfo } from './open.ts';
import { scriptsOf, scriptText, withHashedPassword } from './script/generate.ts';
import { checkConfig } from './script/parameters.ts';
import type { DetectedOs, Device, OsEntity, Osinfo, OsResources } from './types.ts';

export type { Database } from './database/database.ts';
export { type OsinfoOptions, openOsinfo } from './open.ts';
export { type BuildParameters, scriptConfig } from './script/parameters.ts';
export type * from './types.ts';

const resourceKinds: readonly [keyof OsResources, ResourceKind][] = [
  ['minimum', 'minimum'],
  ['recommended', 'recommended'],
  ['maximum', 'maximum'],
  ['networkInstall', 'network-install'],
];

function deviceOf({ id, params }: DeviceRecord): Device {
  const names = {
    name: 'name',
    product: 'product',
    productId: 'product-id',
    vendor: 'vendor',
    vendorId: 'vendor-id',
    class: 'class',
    busType: 'bus-type',
    subsystem: 'subsystem',
  };
  const device: Device = { id };
  for (const [key, name] of Object.entries(names)) {
    const value = param(params, name);
    if (value !== undefined) Object.assign(device, { [key]: value });
  }
  return device;
}

function osEntity(database: Database, record: OsRecord): OsEntity {
  const { id, params } = record;
  const text = (name: string): string => param(params, name) ?? '';
  const shortIds = params.get('short-id') ?? [];
  const entity: OsEntity = {
    id,
    shortId: shortIds[0] ?? '',
    shortIds,
    name: text('name'),
    version: text('version'),
    distro: text('distro'),
    family: text('family'),
  };
  const [vendor, codename] = [text('vendor'), text('codename')];
  if (vendor) entity.vendor = vendor;
  if (codename) entity.codename = codename;
  for (const ancestor of osLineage(database, record)) {
    const argument = param(ancestor.params, 'kernel-url-argument');
    if (argument === undefined) continue;
    entity.kernelUrlArgument = argument;
    break;
  }
  return entity;
}

/** What an image speaks and where it lives, unless told: as neutral as can be. */
function defaultsFor(os: OsEntity): Record<string, string> {
  return os.family === 'winnt'
    ? { 'l10n-language': 'en_US' }
    : { 'l10n-language': 'C', 'l10n-timezone': 'Etc/UTC' };
}

/**
 * What an ISO is: a path, a file: URL, or an http(s) URL, of which a few KB are
 * read. The best match comes first; empty when the database has none. Throws
 * OzError OZ_OSINFO_NO_ISO and OZ_OSINFO_NO_MEDIUM.
 */
export async function detectIso(
  location: string,
  options: OsinfoOptions & { signal?: AbortSignal | undefined } = {},
): Promise<DetectedOs[]> {
  const [{ detectedOs, detectMedia }, { readerFor }] = await Promise.all([
    import('./detect/detect.ts'),
    import('./detect/readers.ts'),
  ]);
  const database = openOsinfo(options);
  const { matches } = await detectMedia(database, readerFor(location, options.signal));
  return matches.map((match) => detectedOs(database, match));
}

/**
 * What an install tree is, by its .treeinfo: a directory, a file: URL, or an
 * http(s) URL. The best match comes first; empty when the database has none.
 * Throws OzError OZ_OSINFO_NO_TREE.
 */
export async function detectTree(
  location: string,
  options: OsinfoOptions & { signal?: AbortSignal | undefined } = {},
): Promise<DetectedOs[]> {
  const detect = await import('./detect/detect.ts');
  const database = openOsinfo(options);
  const { matches } = await detect.detectTree(database, location, options.signal);
  return matches.map((match) => detect.detectedOs(database, match));
}

/**
 * Opens the database; files are read when they are asked for, and kept. Our own
 * data fill what the system's lack, unless `ownData` is false. Throws OzError
 * OZ_OSINFO_MISSING when there is no database at all.
 */
export function loadOsinfo(options: OsinfoOptions = {}): Osinfo {
  const database = openOsinfo(options);

  function recordOf(os: OsEntity): OsRecord {
    const record = database.os(os.id);
    if (record) return record;
    throw new OzError('OZ_OSINFO_UNKNOWN_OS', `Cannot find ${os.id} in the osinfo database`);
  }
  const lineageOf = (os: OsEntity): OsRecord[] => [...osLineage(database, recordOf(os))];

  return {
    os(idOrShortId) {
      const record = idOrShortId.includes('://')
        ? database.os(idOrShortId)
        : database.osByShortId(idOrShortId);
      return record && osEntity(database, record);
    },
    findForTdl(distro, version) {
      const found = findForTdl(database, distro, version);
      return found && { os: osEntity(database, found.os), match: found.match };
    },
    versionForTdl: (distro, os) => versionForTdl(database, distro, recordOf(os)),
    devices(os, platformId) {
      const platform = platformId === undefined ? undefined : nearestPlatform(database, platformId);
      const offered =
        platform &&
        new Set(supportedLinks([...platformLineage(database, platform)]).map((l) => l.deviceId));
      return supportedDevices(database, lineageOf(os))
        .filter(({ id }) => !offered || offered.has(id))
        .map(deviceOf);
    },
    resources(os, arch) {
      const lineage = lineageOf(os);
      const stated: OsResources = {};
      for (const [key, kind] of resourceKinds) {
        const found = resourcesFor(lineage, kind, osinfoArch(arch));
        if (found) stated[key] = found;
      }
      return stated;
    },
    trees: (os, arch) => sourcesFor(treesOf(recordOf(os), database.languages), osinfoArch(arch)),
    media: (os, arch) => sourcesFor(mediaOf(recordOf(os), database.languages), osinfoArch(arch)),
    firmware(os, arch, type) {
      const stated = statedFirmware(lineageOf(os));
      return stated.find((f) => f.arch === osinfoArch(arch) && f.type === type)?.supported ?? null;
    },
    script(os, { profile, source, config, orElse, script: wanted }) {
      const record = recordOf(os);
      const named = wanted === undefined ? scriptsOf(database, record, profile)[0] : undefined;
      const other = wanted ?? orElse;
      const script = named ?? (other === undefined ? undefined : database.script(other));
      if (!script) {
        throw new OzError(
          'OZ_OSINFO_NO_SCRIPT',
          `Cannot make an answer file for ${os.name}: there is no ${profile} install script for it`,
          { hint: 'give an answer file with -a' },
        );
      }
      const given = { ...defaultsFor(os), ...config };
      checkConfig(given);
      const values = withHashedPassword(script, given);
      const missing = script.parameters.find(
        ({ name, policy }) => policy === 'required' && !values[name],
      );
      if (missing) {
        throw new OzError(
          'OZ_OSINFO_BAD_PARAMETER',
          `Cannot make an answer file for ${os.name}: ${missing.name} is not given`,
        );
      }
      const text = scriptText(database, script, {
        os: record,
        config: values,
        installationSource: source === 'media' ? 'media' : 'network',
      });
      return {
        id: script.id,
        expectedFilename: param(script.params, 'expected-filename') ?? '',
        injectionMethods: script.injectionMethods.length ? script.injectionMethods : ['disk'],
        needsInternet: param(script.params, 'needs-internet') === 'true',
        text,
      };
    },
  };
}
