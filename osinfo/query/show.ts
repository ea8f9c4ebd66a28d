/** Everything about one operating system, inheritance resolved; plain data for JSON. */
import { OzError } from '../../src/base/errors.ts';
import { suggest } from '../../src/base/suggest.ts';
import type { Database } from '../database/database.ts';
import { type Entity, type Params, param } from '../database/entity.ts';
import {
  driversOf,
  imagesOf,
  mediaOf,
  type OsRecord,
  type ResourceKind,
  scriptIdsOf,
  treesOf,
  variantsOf,
} from '../database/os-record.ts';
import { supportedLinks } from '../model/devices.ts';
import { statedFirmware } from '../model/firmware.ts';
import { osLineage, platformLineage } from '../model/lineage.ts';
import { nearestPlatform } from '../model/platform.ts';
import { resolvedResources } from '../model/resources.ts';
import { scriptsOf } from '../script/generate.ts';

export type Values = Record<string, string | string[]>;

/** Parameters as an object; one value is a string, several are an array. */
function valuesOf(params: Params): Values {
  return Object.fromEntries(
    [...params].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]),
  );
}

const named = ({ id, params }: Entity): Values => ({ id, ...valuesOf(params) });

/** By id or short id; throws OzError OZ_OSINFO_UNKNOWN_OS. */
export function findOs(database: Database, idOrShortId: string): OsRecord {
  const os = idOrShortId.includes('://')
    ? database.os(idOrShortId)
    : database.osByShortId(idOrShortId);
  if (os) return os;
  const nearest = suggest(
    idOrShortId,
    database.oses().flatMap((known) => known.params.get('short-id') ?? []),
  );
  throw new OzError('OZ_OSINFO_UNKNOWN_OS', `Cannot find the operating system ${idOrShortId}`, {
    hint: nearest ? `did you mean ${nearest}?` : 'see oz os list for the names there are',
  });
}

export interface DeviceRow extends Values {}

/**
 * The devices a system supports; with a platform's id, those that both do. In
 * a device's row, `driver` is the one that the system names for it.
 */
export function osDevices(database: Database, os: OsRecord, platformId?: string): DeviceRow[] {
  const platform = platformId === undefined ? undefined : findPlatform(database, platformId);
  const offered =
    platform &&
    new Set(supportedLinks([...platformLineage(database, platform)]).map((l) => l.deviceId));
  return supportedLinks([...osLineage(database, os)])
    .filter(({ deviceId }) => !offered || offered.has(deviceId))
    .map(({ deviceId, driver }) => ({
      id: deviceId,
      ...valuesOf(database.device(deviceId)?.params ?? new Map()),
      ...(driver === undefined ? {} : { driver }),
    }));
}

/**
 * By id or short id; by an id of a version that is not known, the newest known
 * before it. Throws OzError OZ_OSINFO_UNKNOWN_PLATFORM.
 */
function findPlatform(database: Database, idOrShortId: string): OsRecord {
  const platform =
    nearestPlatform(database, idOrShortId) ??
    database.platforms().find((p) => p.params.get('short-id')?.includes(idOrShortId));
  if (platform) return platform;
  throw new OzError('OZ_OSINFO_UNKNOWN_PLATFORM', `Cannot find the platform ${idOrShortId}`, {
    hint: 'see oz os list --of platform for the names there are',
  });
}

const resourceKinds: ResourceKind[] = ['minimum', 'recommended', 'maximum', 'network-install'];

export interface OsDescription {
  id: string;
  values: Values;
  derivesFrom: string[];
  clones: string[];
  upgrades: string[];
  /** The nearest one in its lineage that says it. */
  kernelUrlArgument?: string;
  cloudImageUsername?: string;
  variants: Values[];
  resources: Record<ResourceKind, ({ arch: string } & Values)[]>;
  firmware: { arch: string; type: string; supported: boolean }[];
  devices: DeviceRow[];
  media: Values[];
  trees: Values[];
  images: Values[];
  scripts: Values[];
  drivers: (Values & { files: string[]; devices: string[] })[];
}

export function showOs(database: Database, os: OsRecord): OsDescription {
  const ancestors = [...osLineage(database, os)];
  const { languages } = database;
  const inherited = (name: string): string | undefined =>
    ancestors.map((a) => param(a.params, name)).find((value) => value !== undefined);
  const [kernelUrlArgument, cloudImageUsername] = [
    inherited('kernel-url-argument'),
    inherited('cloud-image-username'),
  ];
  const resources = Object.fromEntries(
    resourceKinds.map((kind) => [
      kind,
      resolvedResources(ancestors, kind).map(({ arch, values }) => ({ arch, ...valuesOf(values) })),
    ]),
  ) as OsDescription['resources'];
  return {
    id: os.id,
    values: valuesOf(os.params),
    derivesFrom: os.derivesFrom,
    clones: os.clones,
    upgrades: os.upgrades,
    ...(kernelUrlArgument === undefined ? {} : { kernelUrlArgument }),
    ...(cloudImageUsername === undefined ? {} : { cloudImageUsername }),
    variants: variantsOf(os, languages).map(named),
    resources,
    firmware: statedFirmware(ancestors),
    devices: osDevices(database, os),
    media: mediaOf(os, languages).map(named),
    trees: treesOf(os, languages).map(named),
    images: imagesOf(os, languages).map(named),
    scripts: [...new Set([...scriptIdsOf(os), ...scriptsOf(database, os).map(({ id }) => id)])].map(
      (id) => {
        const script = database.script(id);
        return script ? named(script) : { id };
      },
    ),
    drivers: driversOf(os).map(({ params, files, devices }) => ({
      ...valuesOf(params),
      files,
      devices,
    })),
  };
}
