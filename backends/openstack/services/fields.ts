/** Reads fields of answers whose shape differs between releases. */
import type { AvailabilityZone, Limit, Properties } from './types.ts';

export type Fields = Readonly<Record<string, unknown>>;

export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown): string {
  return value === null || value === undefined ? '' : String(value);
}

/** Null for what is absent or empty. */
export function textOrNull(value: unknown): string | null {
  return text(value) || null;
}

export function numberOf(value: unknown): number {
  const number = Number(value);
  return Number.isFinite(number) ? number : 0;
}

export function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined || value === '' || Number.isNaN(Number(value))
    ? null
    : Number(value);
}

/** Cinder says `"true"` where others say true. */
export function flag(value: unknown): boolean {
  return value === true || /^true$/i.test(text(value));
}

export function properties(value: unknown): Properties {
  return Object.fromEntries(Object.entries(fields(value)).map(([key, v]) => [key, text(v)]));
}

/** A limit below zero is none. */
export function limitOf(value: unknown): number | null {
  const number = numberOrNull(value);
  return number === null || number < 0 ? null : number;
}

export function limit(max: unknown, used: unknown): Limit {
  return { limit: limitOf(max), used: numberOf(used) };
}

/** Of Nova and of Cinder. */
export function readZone(entry: unknown): AvailabilityZone {
  const { zoneName, zoneState } = fields(entry);
  return { name: text(zoneName), available: flag(fields(zoneState).available) };
}

/** Whether all of the wanted ones are there with those values. */
export function hasProperties(of: Properties, wanted: Properties | undefined): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => of[key] === value);
}
