/** What servers may be made of: flavors, zones, quotas. */
import { listAll, type ServiceClient } from './client.ts';
import {
  fields,
  flag,
  limit,
  limitOf,
  list,
  numberOf,
  properties,
  readZone,
  text,
} from './fields.ts';
import { pickVersion } from './microversion.ts';
import type { Flavor, MicroversionRange, Nova } from './types.ts';

function readFlavor(entry: unknown): Flavor {
  const flavor = fields(entry);
  return {
    id: text(flavor.id),
    name: text(flavor.name),
    vcpus: numberOf(flavor.vcpus),
    ram: numberOf(flavor.ram),
    disk: numberOf(flavor.disk),
    ephemeral: numberOf(flavor['OS-FLV-EXT-DATA:ephemeral']),
    swap: numberOf(flavor.swap || 0), // '' where there is none
    isPublic: flag(flavor['os-flavor-access:is_public'] ?? true),
    disabled: flag(flavor['OS-FLV-DISABLED:disabled']),
    extraSpecs: properties(flavor.extra_specs),
  };
}

export function createFlavors(
  client: ServiceClient,
  range: MicroversionRange | null,
): Pick<Nova, 'flavors' | 'availabilityZones' | 'limits'> {
  return {
    flavors: (call) =>
      listAll(
        client,
        {
          ...call,
          doing: 'list the flavors',
          path: '/flavors/detail',
          microversion: pickVersion(range, ['2.61']), // with their extra specs
        },
        'flavors',
        readFlavor,
      ),

    async availabilityZones(call) {
      const { data } = await client.request({
        ...call,
        doing: 'list the availability zones',
        path: '/os-availability-zone',
      });
      return list(data.availabilityZoneInfo).map(readZone);
    },

    async limits(call) {
      const { data } = await client.request({
        ...call,
        doing: 'look at the quotas of the servers',
        path: '/limits',
      });
      const absolute = fields(fields(data.limits).absolute);
      return {
        instances: limit(absolute.maxTotalInstances, absolute.totalInstancesUsed),
        cores: limit(absolute.maxTotalCores, absolute.totalCoresUsed),
        ram: limit(absolute.maxTotalRAMSize, absolute.totalRAMUsed),
        metadataItems: limitOf(absolute.maxServerMeta),
        keypairs: limitOf(absolute.maxTotalKeypairs),
      };
    },
  };
}
