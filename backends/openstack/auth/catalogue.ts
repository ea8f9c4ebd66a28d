/** Endpoints by service, region and interface, out of the token's catalogue. */
import { OzError } from '../../../src/base/errors.ts';
import { withoutTrailing } from '../../../src/base/text-ends.ts';
import type { Credentials, ServiceName } from './credentials.ts';
import type { CatalogueEndpoint, CatalogueService } from './token.ts';

/** Types that a service goes by, the preferred one first. */
const typesOf: Record<ServiceName, readonly string[]> = {
  identity: ['identity'],
  image: ['image'],
  compute: ['compute'],
  volume: ['block-storage', 'volumev3', 'block-store', 'volume', 'volumev2'],
  network: ['network'],
};

const regionOf = (endpoint: CatalogueEndpoint) => endpoint.region_id ?? endpoint.region ?? null;

function endpointsOf(catalogue: readonly CatalogueService[], service: ServiceName) {
  return typesOf[service].flatMap((type) =>
    catalogue.filter((entry) => entry.type === type).flatMap((entry) => entry.endpoints),
  );
}

/**
 * The region to use: the one that is set, else the only one that the compute
 * service is in; null where endpoints have none. Throws `OZ_CLOUD_CONFIG`.
 */
export function chooseRegion(
  catalogue: readonly CatalogueService[],
  { region, name }: Credentials,
): string | null {
  const regions = [...new Set(endpointsOf(catalogue, 'compute').map(regionOf))].filter(
    (r): r is string => r !== null,
  );
  if (region !== null && (regions.length === 0 || regions.includes(region))) return region;
  const list = regions.join(', ');
  if (region !== null) {
    throw new OzError('OZ_CLOUD_CONFIG', `Cannot use the region ${region} of the cloud ${name}`, {
      hint: `it has ${list}`,
    });
  }
  if (regions.length > 1) {
    throw new OzError('OZ_CLOUD_CONFIG', `Cannot tell which region of the cloud ${name} to use`, {
      hint: `set region_name (or OS_REGION_NAME) to one of ${list}`,
    });
  }
  return regions[0] ?? null;
}

const isIn = (endpoint: CatalogueEndpoint, region: string | null) =>
  region === null || regionOf(endpoint) === null || regionOf(endpoint) === region;

/** Whether the region has a service of a type that is not used here, but by others there. */
export function hasService(
  catalogue: readonly CatalogueService[],
  type: string,
  region: string | null,
): boolean {
  return catalogue.some(
    (entry) => entry.type === type && entry.endpoints.some((endpoint) => isIn(endpoint, region)),
  );
}

/** URL of a service as the catalogue (or an override) has it; null: it has none. */
export function findEndpoint(
  catalogue: readonly CatalogueService[],
  service: ServiceName,
  credentials: Credentials,
  region: string | null,
): string | null {
  const override = credentials.endpoints[service];
  if (override) return override;
  const found = endpointsOf(catalogue, service).find(
    (endpoint) =>
      endpoint.interface.replace(/URL$/, '') === credentials.interface && isIn(endpoint, region),
  );
  return found ? withoutTrailing(found.url, '/') : null;
}
