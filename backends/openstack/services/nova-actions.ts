/** What is done to servers: start, stop, rescue, snapshot, volumes. */
import { OzError } from '../../../src/base/errors.ts';
import { wasRepeated } from '../http/failures.ts';
import { listAll, part, type ServiceClient } from './client.ts';
import { fields, text, textOrNull } from './fields.ts';
import { pickVersion } from './microversion.ts';
import type { Call, MicroversionRange, Nova, VolumeAttachment } from './types.ts';

function readAttachment(entry: unknown): VolumeAttachment {
  const attachment = fields(entry);
  return {
    volumeId: text(attachment.volumeId),
    serverId: text(attachment.serverId),
    device: textOrNull(attachment.device),
  };
}

/** The image's id at the end of the URL that older releases answer with. */
function idOfLocation(location: string | undefined): string {
  return location?.split('/').pop() ?? '';
}

export function createServerActions(
  client: ServiceClient,
  range: MicroversionRange | null,
): Pick<
  Nova,
  | 'startServer'
  | 'stopServer'
  | 'rebootServer'
  | 'createImage'
  | 'rescueServer'
  | 'unrescueServer'
  | 'volumeAttachments'
  | 'attachVolume'
  | 'detachVolume'
> {
  /** An action that leads to a state: a repeated one is refused when the first one did it. */
  async function act(
    id: string,
    doing: string,
    json: Record<string, unknown>,
    call?: Call,
    microversion?: string,
  ): Promise<void> {
    try {
      await client.request({
        ...call,
        method: 'POST',
        doing,
        path: `/servers/${part(id)}/action`,
        json,
        repeat: 'always',
        microversion,
      });
    } catch (error) {
      if (!wasRepeated(error)) throw error;
    }
  }

  return {
    startServer: (id, call) => act(id, `start the server ${id}`, { 'os-start': null }, call),
    stopServer: (id, call) => act(id, `stop the server ${id}`, { 'os-stop': null }, call),
    rebootServer: (id, type, call) =>
      act(id, `reboot the server ${id}`, { reboot: { type } }, call),

    async createImage(id, { name, metadata }, call) {
      const { data, headers } = await client.request({
        ...call,
        method: 'POST',
        doing: `make the image ${name} of the server ${id}`,
        path: `/servers/${part(id)}/action`,
        json: { createImage: { name, ...(metadata ? { metadata } : {}) } },
        microversion: pickVersion(range, ['2.45']),
      });
      return text(data.image_id) || idOfLocation(headers.location);
    },

    async rescueServer(id, { imageId, volumeBacked = false }, call) {
      const microversion = pickVersion(range, ['2.87']);
      if (volumeBacked && !microversion) {
        throw new OzError(
          'OZ_CLOUD_VERSION',
          `Cannot rescue the server ${id}: Nova is too old to do that with a volume as its disk`,
          { hint: 'it takes microversion 2.87 (Ussuri); choose another strategy' },
        );
      }
      const json = { rescue: { rescue_image_ref: imageId } };
      await act(id, `rescue the server ${id}`, json, call, microversion);
    },
    unrescueServer: (id, call) => act(id, `end the rescue of ${id}`, { unrescue: null }, call),

    volumeAttachments: (id, call) =>
      listAll(
        client,
        {
          ...call,
          doing: `list the volumes of the server ${id}`,
          path: `/servers/${part(id)}/os-volume_attachments`,
        },
        'volumeAttachments',
        readAttachment,
      ),
    async attachVolume(id, volumeId, call) {
      const { data } = await client.request({
        ...call,
        method: 'POST',
        doing: `attach the volume ${volumeId} to the server ${id}`,
        path: `/servers/${part(id)}/os-volume_attachments`,
        json: { volumeAttachment: { volumeId } },
      });
      return readAttachment(data.volumeAttachment);
    },
    async detachVolume(id, volumeId, call) {
      await client.request({
        ...call,
        method: 'DELETE',
        doing: `detach the volume ${volumeId} from the server ${id}`,
        path: `/servers/${part(id)}/os-volume_attachments/${part(volumeId)}`,
        accept: [404],
      });
    },
  };
}
