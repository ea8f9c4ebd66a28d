/** What a cloud offers this project, looked at without making anything. */
import { codeOf, OzError } from '../../src/base/errors.ts';
import { findNetwork, type GuestNetwork, ownAddresses, type SshWay, sshWay } from './network.ts';
import type {
  Call,
  Cloud,
  ComputeLimits,
  Flavor,
  NetworkLimits,
  VolumeLimits,
  VolumeType,
} from './services/types.ts';
import type { OpenstackSettings } from './settings.ts';
import { left } from './strategies.ts';
import { rescueObstacle, type Trust, trustOf } from './trust.ts';

export interface Survey {
  flavors: readonly Flavor[];
  limits: {
    compute: ComputeLimits;
    /** Null: no Cinder, or it does not work. */
    volumes: VolumeLimits | null;
    network: NetworkLimits | null;
  };
  /** Null: there is Cinder. */
  volumeObstacle: string | null;
  /** Null: the cloud has no network service. */
  network: GuestNetwork | null;
  ssh: SshWay;
  importMethods: readonly string[];
  /** Null: servers can have a rescue medium beside the disk, which stays as it is. */
  rescueObstacle: string | null;
  /** What hosts can give to a guest. */
  trust: Trust;
  admin: boolean;
}

/** What `look` gives, or null where the cloud does not tell or not allow it. */
async function ifTold<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (['OZ_CLOUD_POLICY', 'OZ_CLOUD_GONE', 'OZ_CLOUD_VERSION'].includes(code)) return null;
    throw error;
  }
}

function checkNamed(what: string, key: string, asked: string | null, names: readonly string[]) {
  if (asked === null || names.includes(asked)) return;
  throw new OzError('OZ_CLOUD_SETTING', `Cannot use ${what} ${asked}: there is none`, {
    hint: `set ${key} in [openstack] to one of ${names.join(', ') || '(there is none)'}`,
  });
}

async function surveyVolumes({ cinder }: Cloud, settings: OpenstackSettings, call: Call) {
  if (!cinder) return { limits: null, obstacle: 'the cloud has no volumes (Cinder)' };
  try {
    const [limits, types] = await Promise.all([
      cinder.limits(call),
      settings.volumeType === null ? [] : cinder.volumeTypes(call),
    ]);
    const { volumeType } = settings;
    if (!types.some(({ id }: VolumeType) => id === volumeType)) {
      const names = types.map(({ name }: VolumeType) => name);
      checkNamed('volume type', 'volume_type', volumeType, names);
    }
    return { limits, obstacle: null };
  } catch (error) {
    call.signal?.throwIfAborted();
    const code = codeOf(error) ?? '';
    if (code === 'OZ_CLOUD_SETTING' || code === 'OZ_CLOUD_AUTH') throw error;
    return { limits: null, obstacle: 'its volume service (Cinder) does not answer' };
  }
}

async function surveyNetwork(cloud: Cloud, settings: OpenstackSettings, call: Call) {
  const { neutron } = cloud;
  const [found, groups, external, limits] = await Promise.all([
    findNetwork(cloud, settings, ownAddresses(), call.signal),
    neutron ? ifTold(() => neutron.securityGroups({}, call)) : null,
    neutron && settings.floatingIpPool !== null ? neutron.networks({ external: true }, call) : [],
    neutron ? ifTold(() => neutron.limits(call)) : null,
  ]);
  // Every project has a default group where there are any.
  const known = groups?.length ? groups : null;
  const floatingIpsLeft = limits ? left(limits.floatingIps) : Number.POSITIVE_INFINITY;
  const ssh = sshWay({ found, groups: known, external, floatingIpsLeft, settings });
  return { network: found, ssh, limits };
}

async function checkNames({ nova }: Cloud, settings: OpenstackSettings, call: Call) {
  const { availabilityZone, keypair } = settings;
  const [zones, pairs] = await Promise.all([
    availabilityZone === null ? [] : nova.availabilityZones(call),
    keypair === null ? [] : nova.keypairs(call),
  ]);
  const open = zones.filter(({ available }) => available).map(({ name }) => name);
  // An administrator may add a host: zone:host
  const zone = availabilityZone?.split(':')[0] ?? null;
  checkNamed('availability zone', 'availability_zone', zone, open);
  const names = pairs.map(({ name }) => name);
  checkNamed('key pair', 'keypair', keypair, names);
}

/** Each look at the cloud, by what it is at: oz doctor goes on with the others where one fails. */
export function surveyParts(cloud: Cloud, settings: OpenstackSettings, signal?: AbortSignal) {
  const call = { signal };
  return {
    flavors: () => cloud.nova.flavors(call),
    quota: () => cloud.nova.limits(call),
    volumes: () => surveyVolumes(cloud, settings, call),
    network: () => surveyNetwork(cloud, settings, call),
    images: () => ifTold(() => cloud.glance.importMethods(call)),
    names: () => checkNames(cloud, settings, call),
  };
}

/**
 * Reads only. Throws OzErrors for what no build could live with: names in
 * [openstack] that are not there, no network to choose, no way in, a TPM or
 * secure boot that cannot be.
 */
export async function surveyCloud(
  cloud: Cloud,
  settings: OpenstackSettings,
  signal?: AbortSignal,
): Promise<Survey> {
  const look = surveyParts(cloud, settings, signal);
  const [flavors, compute, volumes, net, methods] = await Promise.all([
    look.flavors(),
    look.quota(),
    look.volumes(),
    look.network(),
    look.images(),
    look.names(),
  ]);
  const usable = flavors.filter(({ disabled }) => !disabled);
  return {
    flavors: usable,
    limits: { compute, volumes: volumes.limits, network: net.limits },
    volumeObstacle: volumes.obstacle,
    network: net.network,
    ssh: net.ssh,
    importMethods: methods ?? [],
    rescueObstacle: rescueObstacle(cloud, settings, usable),
    trust: trustOf(cloud, settings, usable),
    admin: cloud.roles.includes('admin'),
  };
}
