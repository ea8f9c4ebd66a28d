/** Cinder: volumes, and images made of them. */
import { OzError } from '../../../src/base/errors.ts';
import { listAll, part, type ServiceClient } from './client.ts';
import {
  fields,
  flag,
  hasProperties,
  limit,
  list,
  numberOf,
  properties,
  readZone,
  text,
  textOrNull,
} from './fields.ts';
import { inRange, pickVersion } from './microversion.ts';
import type { Call, Cinder, MicroversionRange, Volume } from './types.ts';

function readVolume(entry: unknown): Volume {
  const volume = fields(entry);
  return {
    id: text(volume.id),
    name: textOrNull(volume.name),
    status: text(volume.status),
    size: numberOf(volume.size),
    bootable: flag(volume.bootable),
    encrypted: flag(volume.encrypted),
    type: textOrNull(volume.volume_type),
    availabilityZone: textOrNull(volume.availability_zone),
    metadata: properties(volume.metadata),
    imageMetadata: properties(volume.volume_image_metadata),
    attachments: list(volume.attachments).map((attachment) => ({
      serverId: text(fields(attachment).server_id),
      device: textOrNull(fields(attachment).device),
    })),
    createdAt: text(volume.created_at),
    raw: volume,
  };
}

export function createCinder(client: ServiceClient, range: MicroversionRange | null): Cinder {
  const act = (
    id: string,
    doing: string,
    json: Record<string, unknown>,
    call?: Call,
    options: { repeat?: 'always'; accept?: number[]; microversion?: string | undefined } = {},
  ) =>
    client.request({
      ...call,
      ...options,
      method: 'POST',
      doing,
      path: `/volumes/${part(id)}/action`,
      json,
    });

  return {
    microversion: range,
    supports: (version) => inRange(range, version),

    async createVolume(volume, call) {
      const { name, size, metadata, imageId, sourceId } = volume;
      const { type, availabilityZone, description } = volume;
      const { data } = await client.request({
        ...call,
        method: 'POST',
        doing: `create the volume ${name}`,
        path: '/volumes',
        json: {
          volume: {
            name,
            size,
            ...(description ? { description } : {}),
            ...(metadata ? { metadata } : {}),
            ...(imageId ? { imageRef: imageId } : {}),
            ...(sourceId ? { source_volid: sourceId } : {}),
            ...(type ? { volume_type: type } : {}),
            ...(availabilityZone ? { availability_zone: availabilityZone } : {}),
          },
        },
      });
      return readVolume(data.volume);
    },

    async volume(id, call) {
      const { status, data } = await client.request({
        ...call,
        doing: `look at the volume ${id}`,
        path: `/volumes/${part(id)}`,
        accept: [404],
      });
      return status === 404 ? null : readVolume(data.volume);
    },

    async volumes({ name, metadata, status }, call) {
      const found = await listAll(
        client,
        { ...call, doing: 'list the volumes', path: '/volumes/detail', query: { name, status } },
        'volumes',
        readVolume,
      );
      // Cinder's own filter for metadata is spelt differently from release to release.
      return found.filter(
        (volume) =>
          (name === undefined || volume.name === name) && hasProperties(volume.metadata, metadata),
      );
    },

    async deleteVolume(id, call) {
      await client.request({
        ...call,
        method: 'DELETE',
        doing: `delete the volume ${id}`,
        path: `/volumes/${part(id)}`,
        accept: [404],
      });
    },

    async setVolumeMetadata(id, metadata, call) {
      await client.request({
        ...call,
        method: 'POST',
        doing: `label the volume ${id}`,
        path: `/volumes/${part(id)}/metadata`,
        json: { metadata },
        repeat: 'always',
      });
    },

    async setBootable(id, bootable, call) {
      const json = { 'os-set_bootable': { bootable } };
      await act(id, `make the volume ${id} bootable`, json, call, { repeat: 'always' });
    },

    async setImageMetadata(id, metadata, call) {
      const json = { 'os-set_image_metadata': { metadata } };
      const doing = `set image properties of the volume ${id}`;
      await act(id, doing, json, call, { repeat: 'always' });
    },

    async unsetImageMetadata(id, key, call) {
      const json = { 'os-unset_image_metadata': { key } };
      const doing = `remove the image property ${key} of the volume ${id}`;
      await act(id, doing, json, call, { repeat: 'always', accept: [404] });
    },

    async uploadToImage(id, { name, diskFormat, containerFormat = 'bare', visibility }, call) {
      const microversion = visibility ? pickVersion(range, ['3.1']) : undefined;
      if (visibility && visibility !== 'private' && !microversion) {
        throw new OzError(
          'OZ_CLOUD_VERSION',
          `Cannot make a ${visibility} image of the volume ${id}: Cinder is too old for this`,
          { hint: 'make it private, and change it in Glance afterwards' },
        );
      }
      const json = {
        'os-volume_upload_image': {
          image_name: name,
          disk_format: diskFormat,
          container_format: containerFormat,
          force: false,
          ...(microversion ? { visibility } : {}),
        },
      };
      const doing = `make the image ${name} of the volume ${id}`;
      const { data } = await act(id, doing, json, call, { microversion });
      return text(fields(data['os-volume_upload_image']).image_id);
    },

    async limits(call) {
      const { data } = await client.request({
        ...call,
        doing: 'look at the quotas of the volumes',
        path: '/limits',
      });
      const absolute = fields(fields(data.limits).absolute);
      return {
        volumes: limit(absolute.maxTotalVolumes, absolute.totalVolumesUsed),
        gigabytes: limit(absolute.maxTotalVolumeGigabytes, absolute.totalGigabytesUsed),
      };
    },

    async availabilityZones(call) {
      const { data, status } = await client.request({
        ...call,
        doing: 'list the availability zones of the volumes',
        path: '/os-availability-zone',
        accept: [403, 404],
      });
      return status === 200 ? list(data.availabilityZoneInfo).map(readZone) : [];
    },

    volumeTypes: (call) =>
      listAll(
        client,
        { ...call, doing: 'list the volume types', path: '/types' },
        'volume_types',
        (entry) => {
          const type = fields(entry);
          const isPublic = type.is_public ?? type['os-volume-type-access:is_public'] ?? true;
          return { id: text(type.id), name: text(type.name), isPublic: flag(isPublic) };
        },
      ),

    async messages(volumeId, call) {
      const microversion = pickVersion(range, ['3.5', '3.3']);
      if (!microversion) return [];
      const { data, status } = await client.request({
        ...call,
        doing: `look at what Cinder says of the volume ${volumeId}`,
        path: '/messages',
        query: microversion === '3.5' ? { resource_uuid: volumeId } : {},
        microversion,
        accept: [403, 404],
      });
      if (status !== 200) return [];
      return list(data.messages)
        .map(fields)
        .filter((message) => message.resource_uuid === volumeId)
        .map((message) => text(message.user_message));
    },
  };
}
