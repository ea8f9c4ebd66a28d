/** A device as its files describe it. */
import type { XmlElement } from '../xml/parse.ts';
import { type Entity, type Params, readParams } from './entity.ts';

export interface DeviceRecord extends Entity {}

const keys = [
  'vendor',
  'vendor-id',
  'product',
  'product-id',
  'subsystem',
  'bus-type',
  'class',
  'name',
];

export function readDevice(
  id: string,
  parts: readonly XmlElement[],
  languages: readonly string[],
  base?: DeviceRecord,
): DeviceRecord {
  const params: Params = new Map(base?.params);
  for (const part of parts) readParams(params, part, keys, languages);
  return { id, params };
}
