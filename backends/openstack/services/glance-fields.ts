/** Glance's images as plain data, and back. */
import { fields, flag, list, numberOf, numberOrNull, text, textOrNull } from './fields.ts';
import type { Image, ImageStatus, NewImage, Visibility } from './types.ts';

/** Fields that are not properties of the user's. */
const core = new Set([
  'id',
  'name',
  'status',
  'visibility',
  'size',
  'virtual_size',
  'disk_format',
  'container_format',
  'min_disk',
  'min_ram',
  'checksum',
  'os_hash_algo',
  'os_hash_value',
  'os_hidden',
  'protected',
  'owner',
  'tags',
  'created_at',
  'updated_at',
  'self',
  'file',
  'schema',
  'locations',
  'direct_url',
  'stores',
]);

/** They are changed in place; all others are added and removed as properties. */
export const changeable = new Set([
  'name',
  'visibility',
  'min_disk',
  'min_ram',
  'protected',
  'disk_format',
  'container_format',
  'os_hidden',
]);

/** Glance keeps these for itself, and refuses whoever sends them back. */
export const isReserved = (property: string): boolean => property.startsWith('os_glance_');

/** Whether a name can't be that of a property. */
export const isField = (name: string): boolean => core.has(name) || isReserved(name);

function digestOf(image: Record<string, unknown>): Image['digest'] {
  const algorithm = textOrNull(image.os_hash_algo);
  const value = textOrNull(image.os_hash_value);
  if (algorithm && value) return { algorithm, value };
  const checksum = textOrNull(image.checksum);
  return checksum ? { algorithm: 'md5', value: checksum } : null;
}

export function readImage(entry: unknown): Image {
  const image = fields(entry);
  return {
    id: text(image.id),
    name: textOrNull(image.name),
    status: text(image.status) as ImageStatus,
    visibility: text(image.visibility) as Visibility,
    size: numberOrNull(image.size),
    virtualSize: numberOrNull(image.virtual_size),
    diskFormat: textOrNull(image.disk_format),
    containerFormat: textOrNull(image.container_format),
    minDisk: numberOf(image.min_disk),
    minRam: numberOf(image.min_ram),
    digest: digestOf(image),
    protected: flag(image.protected),
    owner: textOrNull(image.owner),
    tags: list(image.tags).map(text),
    createdAt: text(image.created_at),
    updatedAt: text(image.updated_at),
    properties: Object.fromEntries(
      Object.entries(image)
        .filter(([key, value]) => !core.has(key) && value !== null && typeof value !== 'object')
        .map(([key, value]) => [key, text(value)]),
    ),
  };
}

export function imageRequest(image: NewImage & { id: string }): Record<string, unknown> {
  const { properties = {}, ...own } = image;
  return {
    ...Object.fromEntries(Object.entries(properties).filter(([key]) => !isReserved(key))),
    id: own.id,
    name: own.name,
    disk_format: own.diskFormat,
    container_format: own.containerFormat,
    visibility: own.visibility ?? 'private',
    ...(own.minDisk === undefined ? {} : { min_disk: own.minDisk }),
    ...(own.minRam === undefined ? {} : { min_ram: own.minRam }),
    ...(own.protected === undefined ? {} : { protected: own.protected }),
    ...(own.tags === undefined ? {} : { tags: own.tags }),
  };
}
