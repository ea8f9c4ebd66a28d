/** Opens a cloud: signs in, finds its services and what they speak. */

import { OzError } from '../../../src/base/errors.ts';
import { chooseRegion, findEndpoint, hasService } from '../auth/catalogue.ts';
import type { Credentials, ServiceName } from '../auth/credentials.ts';
import { openSession } from '../auth/session.ts';
import { type Pace, usualPace } from '../http/pace.ts';
import { createRequester } from '../http/requester.ts';
import { secretBox } from '../http/secret-box.ts';
import { createWire } from '../http/wire.ts';
import { createCinder } from './cinder.ts';
import { serviceClient } from './client.ts';
import { findCompute, findImage, findVolume, networkBase } from './discovery.ts';
import { createGlance } from './glance.ts';
import { createKeystone } from './keystone.ts';
import { createNeutron } from './neutron.ts';
import { createNova } from './nova.ts';
import type { Call, Cloud } from './types.ts';

export interface OpenCloudOptions extends Call {
  /** Gets a line for each request. Never a secret. */
  log?: ((line: string) => void) | undefined;
  pace?: Partial<Pace> | undefined;
  /** Milliseconds since 1970, for tests of tokens that expire. */
  now?: (() => number) | undefined;
}

const serviceWords: Partial<Record<ServiceName, string>> = {
  image: 'image service (Glance)',
  compute: 'compute service (Nova)',
};

/** An override may leave ids to us: https://cloud.example.com:8776/v3/%(project_id)s */
const withIds = (url: string, ids: Readonly<Record<string, string>>): string =>
  url.replace(/[%$]\((\w+)\)s/g, (text, name: string) => ids[name] ?? text);

/**
 * Signs in with what readCredentials() found. Throws OzErrors of the codes in
 * types.ts: `OZ_CLOUD_AUTH`, `OZ_CLOUD_CONFIG`, `OZ_CLOUD_UNREACHABLE`, …
 */
export async function openCloud(
  credentials: Credentials,
  options: OpenCloudOptions = {},
): Promise<Cloud> {
  const { signal, now } = options;
  const pace = { ...usualPace, ...options.pace };
  const secrets = secretBox();
  const log = (line: string) => options.log?.(secrets.mask(line));
  const requester = createRequester({ wire: createWire(credentials.tls), secrets, pace, log });
  const session = await openSession(credentials, { requester, secrets, log, signal, now });
  const { project, user, roles = [], catalog = [] } = session.described();
  const region = chooseRegion(catalog, credentials);
  const ids = { project_id: project.id, tenant_id: project.id, user_id: user.id };
  const endpoint = (service: ServiceName): string | null => {
    const url = findEndpoint(catalog, service, credentials, region);
    return url && withIds(url, ids);
  };
  const needed = (service: ServiceName): string => {
    const url = endpoint(service);
    if (url) return url;
    throw new OzError(
      'OZ_CLOUD_VERSION',
      `Cannot use the cloud ${credentials.name}: its catalog has no ${credentials.interface} endpoint of the ${serviceWords[service] ?? service}`,
      { hint: 'check the region and the interface, or set an endpoint override in clouds.yaml' },
    );
  };
  const imageUrl = needed('image');
  const computeUrl = needed('compute');
  const volumeUrl = endpoint('volume');
  const networkUrl = endpoint('network');

  const discoverer = { requester, tokens: session };
  const [image, compute, volume] = await Promise.all([
    findImage(discoverer, imageUrl, { signal }),
    findCompute(discoverer, computeUrl, { signal }),
    volumeUrl ? findVolume(discoverer, volumeUrl, project.id, { signal }) : null,
  ]);
  if (volumeUrl && !volume) log('Cinder has no version 3: volumes are not used');
  const common = { requester, tokens: session };
  const glance = serviceClient({ ...common, service: 'Glance', base: image.base });
  const nova = serviceClient({
    ...common,
    service: 'Nova',
    base: compute.base,
    versioned: 'compute',
  });
  const cinder =
    volume &&
    serviceClient({ ...common, service: 'Cinder', base: volume.base, versioned: 'volume' });
  const neutron =
    networkUrl && serviceClient({ ...common, service: 'Neutron', base: networkBase(networkUrl) });

  return {
    name: credentials.name,
    projectId: project.id,
    projectName: project.name ?? null,
    userId: user.id,
    userName: user.name ?? null,
    region,
    roles: roles.map((role) => role.name),
    keystone: createKeystone(
      serviceClient({ ...common, service: 'Keystone', base: session.keystone }),
    ),
    glance: createGlance({
      client: glance,
      projectId: project.id,
      newest: image.newest,
      pace,
      log,
    }),
    nova: createNova(nova, compute.microversion),
    cinder: cinder && volume ? createCinder(cinder, volume.microversion) : null,
    neutron: neutron ? createNeutron(neutron, project.id) : null,
    keyManager: hasService(catalog, 'key-manager', region),
    calls: requester.calls,
    clockOffset: requester.clockOffset,
    mask: secrets.mask,
    close: () => {}, // connections are not kept
  };
}
