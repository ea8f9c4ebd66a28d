/** Entries of Glance: make, find, change, delete. */
import { randomUUID } from 'node:crypto';
import { OzError } from '../../../src/base/errors.ts';
import { faultDetails, wasRepeated } from '../http/failures.ts';
import { collect, part } from './client.ts';
import { list, textOrNull } from './fields.ts';
import type { GlanceOptions } from './glance.ts';
import { changeable, imageRequest, isReserved, readImage } from './glance-fields.ts';
import type { Glance, Image, ImageChange } from './types.ts';

const patchType = 'application/openstack-images-v2.1-json-patch';
const pageSize = 100;

interface Operation {
  op: 'add' | 'replace' | 'remove';
  path: string;
  value?: string | number | boolean;
}

/** A JSON pointer to one property. */
const pointer = (name: string) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** The patch that leads from this image to the changed one; what is so already is left out. */
function imagePatch(image: Image, changes: ImageChange): Operation[] {
  return Object.entries(changes).flatMap(([name, value]): Operation[] => {
    if (isReserved(name)) return [];
    const path = pointer(name);
    if (changeable.has(name)) return value === null ? [] : [{ op: 'replace', path, value }];
    const there = image.properties[name];
    if (value === null) return there === undefined ? [] : [{ op: 'remove', path }];
    return there === String(value) ? [] : [{ op: 'add', path, value: String(value) }];
  });
}

export function createImages({
  client,
  projectId,
}: GlanceOptions): Pick<
  Glance,
  'createImage' | 'image' | 'images' | 'changeImage' | 'deleteImage'
> {
  const image: Glance['image'] = async (id, call) => {
    const { status, data } = await client.request({
      ...call,
      doing: `look at the image ${id}`,
      path: `/images/${part(id)}`,
      accept: [404],
    });
    return status === 404 ? null : readImage(data);
  };

  async function patchOnce(id: string, changes: ImageChange, call: Parameters<typeof image>[1]) {
    const now = await image(id, call);
    if (!now) {
      throw new OzError('OZ_CLOUD_GONE', `Cannot change the image ${id}: there is no such image`, {
        hint: 'it may have been deleted meanwhile',
      });
    }
    const patch = imagePatch(now, changes);
    if (patch.length === 0) return now;
    const { data } = await client.request({
      ...call,
      method: 'PATCH',
      doing: `change the image ${now.name ?? id}`,
      path: `/images/${part(id)}`,
      headers: { 'content-type': patchType },
      json: patch,
    });
    return readImage(data);
  }

  return {
    image,

    async createImage(wanted, call) {
      const id = wanted.id ?? randomUUID();
      try {
        const { data } = await client.request({
          ...call,
          method: 'POST',
          doing: `create the image ${wanted.name}`,
          path: '/images',
          json: imageRequest({ ...wanted, id }),
          repeat: 'always', // the id is ours: a second one can't come of it
          hearOut: true, // but it can come after it was deleted
        });
        return readImage(data);
      } catch (error) {
        const there = wasRepeated(error) ? await image(id, call) : null;
        if (there) return there;
        throw error;
      }
    },

    async images({ name, status, properties, hash, mine, limit }, call) {
      const found: Image[] = [];
      const query: Record<string, string | number | undefined> = {
        ...properties,
        name,
        status,
        os_hash_value: hash,
        owner: mine ? projectId : undefined,
        limit: Math.min(limit ?? pageSize, pageSize),
      };
      for (;;) {
        const { data } = await client.request({
          ...call,
          doing: 'list the images',
          path: '/images',
          query,
        });
        collect(found, list(data.images).map(readImage), 'list the images');
        const next = textOrNull(data.next);
        const marker = next ? new URL(next, 'http://next').searchParams.get('marker') : null;
        if (limit !== undefined && found.length >= limit) return found.slice(0, limit);
        if (!marker || marker === query.marker) return found;
        query.marker = marker;
      }
    },

    async changeImage(id, changes, call) {
      try {
        return await patchOnce(id, changes, call);
      } catch (error) {
        // Somebody changed it between our look and our patch.
        if (faultDetails(error)?.status !== 409) throw error;
        return patchOnce(id, changes, call);
      }
    },

    async deleteImage(id, call) {
      await client.request({
        ...call,
        method: 'DELETE',
        doing: `delete the image ${id}`,
        path: `/images/${part(id)}`,
        accept: [404],
      });
    },
  };
}
