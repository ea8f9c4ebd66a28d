/** Servers: making, finding and removing them. */
import { listAll, part, type ServiceClient } from './client.ts';
import { fields, hasProperties, list, numberOf, properties, text, textOrNull } from './fields.ts';
import { pickVersion } from './microversion.ts';
import type { MicroversionRange, Nova, RawAnswer, Server, ServerAddress } from './types.ts';

/** What must not be kept of a server's description. */
const secretFields = new Set(['adminPass', 'user_data', 'OS-EXT-SRV-ATTR:user_data']);

function withoutSecrets(server: RawAnswer): RawAnswer {
  return Object.fromEntries(Object.entries(server).filter(([key]) => !secretFields.has(key)));
}

function readAddresses(addresses: unknown): ServerAddress[] {
  return Object.entries(fields(addresses)).flatMap(([network, entries]) =>
    list(entries).map((entry): ServerAddress => {
      const address = fields(entry);
      return {
        network,
        address: text(address.addr),
        version: numberOf(address.version) === 6 ? 6 : 4,
        kind: address['OS-EXT-IPS:type'] === 'floating' ? 'floating' : 'fixed',
        mac: textOrNull(address['OS-EXT-IPS-MAC:mac_addr']),
      };
    }),
  );
}

function readServer(entry: unknown): Server {
  const server = fields(entry);
  const fault = fields(server.fault);
  return {
    id: text(server.id),
    name: text(server.name),
    status: text(server.status),
    vmState: textOrNull(server['OS-EXT-STS:vm_state']),
    taskState: textOrNull(server['OS-EXT-STS:task_state']),
    powerState: numberOf(server['OS-EXT-STS:power_state']),
    fault: server.fault ? { code: numberOf(fault.code), message: text(fault.message) } : null,
    addresses: readAddresses(server.addresses),
    metadata: properties(server.metadata),
    imageId: textOrNull(fields(server.image).id),
    keyName: textOrNull(server.key_name),
    availabilityZone: textOrNull(server['OS-EXT-AZ:availability_zone']),
    volumeIds: list(server['os-extended-volumes:volumes_attached']).map((v) => text(fields(v).id)),
    created: text(server.created),
    raw: withoutSecrets(server),
  };
}

/** 2.67: volume types in block devices; 2.37: networks `none` and `auto`; else 2.1. */
const createVersions = ['2.67', '2.37'];

export function createServers(
  client: ServiceClient,
  range: MicroversionRange | null,
): Pick<
  Nova,
  'createServer' | 'server' | 'servers' | 'deleteServer' | 'forceDeleteServer' | 'setServerMetadata'
> {
  return {
    async createServer(body, { microversion, ...call } = {}) {
      const { data } = await client.request({
        ...call,
        method: 'POST',
        doing: `create the server ${text(body.name)}`,
        path: '/servers',
        json: { server: body },
        microversion: microversion ?? pickVersion(range, createVersions),
      });
      return { id: text(fields(data.server).id) };
    },

    async server(id, call) {
      const { status, data } = await client.request({
        ...call,
        doing: `look at the server ${id}`,
        path: `/servers/${part(id)}`,
        accept: [404],
      });
      return status === 404 ? null : readServer(data.server);
    },

    async servers({ name, metadata }, call) {
      const found = await listAll(
        client,
        {
          ...call,
          doing: 'list the servers',
          path: '/servers/detail',
          // Nova takes it for a pattern, in the language of its database.
          query: name && /^[\w-]+$/.test(name) ? { name: `^${name}$` } : {},
        },
        'servers',
        readServer,
      );
      return found.filter(
        (server) =>
          (name === undefined || server.name === name) && hasProperties(server.metadata, metadata),
      );
    },

    async deleteServer(id, call) {
      await client.request({
        ...call,
        method: 'DELETE',
        doing: `delete the server ${id}`,
        path: `/servers/${part(id)}`,
        accept: [404],
      });
    },

    async forceDeleteServer(id, call) {
      await client.request({
        ...call,
        method: 'POST',
        doing: `delete the server ${id} for good`,
        path: `/servers/${part(id)}/action`,
        json: { forceDelete: null },
        repeat: 'always',
        accept: [404, 409],
      });
    },

    async setServerMetadata(id, metadata, call) {
      await client.request({
        ...call,
        method: 'POST',
        doing: `label the server ${id}`,
        path: `/servers/${part(id)}/metadata`,
        json: { metadata },
        repeat: 'always',
      });
    },
  };
}
