/** The sizes of machine that a system wants. */
import { type Params, param } from '../database/entity.ts';
import {
  type OsRecord,
  type ResourceKind,
  type ResourcesRecord,
  resourcesOf,
} from '../database/os-record.ts';
import type { Resources } from '../types.ts';

const keys = ['n-cpus', 'cpu', 'ram', 'storage'];

/**
 * What is stated for each architecture. Where it says `inherit`, what is
 * missing comes from the nearest ancestor that states it for the same one.
 */
export function resolvedResources(
  lineage: readonly OsRecord[],
  kind: ResourceKind,
): ResourcesRecord[] {
  const [own, ...ancestors] = lineage;
  const all = own ? resourcesOf(own, kind) : [];
  const found = all.filter((record) => !record.filling);
  for (const record of found) {
    if (!record.inherit) continue;
    for (const other of ancestors.flatMap((ancestor) => resourcesOf(ancestor, kind))) {
      if (other.arch !== record.arch) continue;
      for (const key of keys) {
        const value = param(other.values, key);
        if (value !== undefined && !record.values.has(key)) record.values.set(key, [value]);
      }
    }
  }
  const ours = all.filter((record) => record.filling);
  return ours.length ? filled(found, ours) : found;
}

/** With what our own data say of an architecture and the database neither for it nor for all. */
function filled(
  stated: readonly ResourcesRecord[],
  ours: readonly ResourcesRecord[],
): ResourcesRecord[] {
  const known = new Set(
    stated.flatMap(({ arch, values }) => [...values.keys()].map((key) => `${arch} ${key}`)),
  );
  const found = [...stated];
  for (const { arch, values, ...record } of ours) {
    const lacking = [...values].filter(
      ([key]) => !known.has(`all ${key}`) && !known.has(`${arch} ${key}`),
    );
    const same = found.find((one) => one.arch === arch);
    if (same) for (const [key, value] of lacking) same.values.set(key, value);
    else if (lacking.length) found.push({ ...record, arch, values: new Map(lacking) });
  }
  return found;
}

function numbers(params: Params): Omit<Resources, 'arch'> {
  const number = (key: string): number | undefined => {
    const text = param(params, key);
    const value = text === undefined ? Number.NaN : Number.parseInt(text, 10);
    return value >= 0 ? value : undefined;
  };
  const [cpus, cpuSpeed, ram, storage] = [
    number('n-cpus'),
    number('cpu'),
    number('ram'),
    number('storage'),
  ];
  return {
    ...(cpus === undefined ? {} : { cpus }),
    ...(cpuSpeed === undefined ? {} : { cpuSpeed }),
    ...(ram === undefined ? {} : { ram }),
    ...(storage === undefined ? {} : { storage }),
  };
}

/** One architecture's: what is said for `all`, overridden by what is said for it. */
export function resourcesFor(
  lineage: readonly OsRecord[],
  kind: ResourceKind,
  arch: string,
): Resources | undefined {
  const stated = resolvedResources(lineage, kind);
  const fitting = ['all', arch].flatMap((name) => stated.filter((record) => record.arch === name));
  const values: Omit<Resources, 'arch'> = Object.assign(
    {},
    ...fitting.map((record) => numbers(record.values)),
  );
  return Object.keys(values).length ? { arch, ...values } : undefined;
}
