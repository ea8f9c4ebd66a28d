/**
 * Which API is behind an endpoint of the catalogue: with or without a version
 * or a project id in its path. Links in a service's answers are not followed:
 * behind a proxy they often name hosts that can't be reached.
 */
import { codeOf, OzError } from '../../../src/base/errors.ts';
import { withoutTrailing } from '../../../src/base/text-ends.ts';
import type { Service } from '../http/failures.ts';
import type { Requester, TokenSource } from '../http/requester.ts';
import type { Call, MicroversionRange } from './types.ts';

export interface EndpointParts {
  /** Without version and slash. */
  root: string;
  /** `2.1` of `/v2.1`; null: none in the path. */
  version: string | null;
  /** What follows the version: the project. */
  project: string | null;
}

const versionedPath = /^(.*?)\/v(\d+(?:\.\d+)?)(?:\/([^/]+))?$/;

function splitEndpoint(endpoint: string): EndpointParts {
  const url = withoutTrailing(endpoint, '/');
  const [, root, version, project] = versionedPath.exec(url) ?? [];
  return { root: root ?? url, version: version ?? null, project: project ?? null };
}

export interface ApiVersion {
  /** `v2.1`, `v3.0`, `v2.16` */
  id: string;
  status: string;
  microversion: MicroversionRange | null;
}

interface VersionEntry {
  id?: string;
  status?: string;
  version?: string;
  max_version?: string;
  min_version?: string;
}

function readVersions(answer: string): ApiVersion[] {
  let body: { versions?: VersionEntry[]; version?: VersionEntry };
  try {
    body = JSON.parse(answer) as typeof body;
  } catch {
    return [];
  }
  const entries = body.version ? [body.version] : Array.isArray(body.versions) ? body.versions : [];
  return entries.map((entry) => {
    const max = entry.max_version || entry.version;
    const min = entry.min_version;
    return {
      id: entry.id ?? '',
      status: entry.status ?? '',
      microversion: max && min ? { min, max } : null,
    };
  });
}

export interface Discoverer {
  requester: Requester;
  tokens: TokenSource;
}

/** What a URL says of the versions it has; empty when it says nothing. */
async function discoverVersions(
  { requester, tokens }: Discoverer,
  service: Service,
  url: string,
  { signal }: Call = {},
): Promise<ApiVersion[]> {
  const answer = await requester.send({
    service,
    doing: `ask ${service} for its versions`,
    method: 'GET',
    url,
    tokens,
    // Some clouds hide the document, which is no reason to give up.
    accept: [300, 301, 302, 400, 401, 403, 404, 405],
    signal,
  });
  return answer.status <= 300 ? readVersions(answer.text) : [];
}

export interface FoundApi {
  /** With the version, and the project where it belongs; no slash at its end. */
  base: string;
  microversion: MicroversionRange | null;
}

/** Nova's 2.1, also where the catalogue still names version 2. */
export async function findCompute(
  discoverer: Discoverer,
  endpoint: string,
  call?: Call,
): Promise<FoundApi> {
  const { root, project } = splitEndpoint(endpoint);
  const versions = await discoverVersions(discoverer, 'Nova', `${root}/v2.1/`, call);
  return {
    base: `${root}/v2.1${project ? `/${project}` : ''}`,
    microversion: versions.find((version) => version.microversion)?.microversion ?? null,
  };
}

/**
 * Cinder's version 3; null where there is only an older one. The project is always in the path.
 * Builds may do without Cinder: one that does not answer is told by those who need it.
 */
export async function findVolume(
  discoverer: Discoverer,
  endpoint: string,
  projectId: string,
  call?: Call,
): Promise<FoundApi | null> {
  const { root, version, project } = splitEndpoint(endpoint);
  const url = `${root}/v3/`;
  const versions = await discoverVersions(discoverer, 'Cinder', url, call).catch((error) => {
    call?.signal?.throwIfAborted();
    if (codeOf(error) === 'OZ_CLOUD_AUTH') throw error;
    return [];
  });
  const three = versions.find((found) => found.id.startsWith('v3'));
  if (!three && version !== '3' && version !== null) return null;
  return {
    base: `${root}/v3/${project ?? projectId}`,
    microversion: three?.microversion ?? null,
  };
}

/** Glance's version 2 and its newest minor one (null: hidden). */
export async function findImage(
  discoverer: Discoverer,
  endpoint: string,
  call?: Call,
): Promise<{ base: string; newest: string | null }> {
  const { root } = splitEndpoint(endpoint);
  const versions = await discoverVersions(discoverer, 'Glance', `${root}/versions`, call);
  const two = versions.filter((version) => version.id.startsWith('v2')).map((v) => v.id.slice(1));
  if (versions.length > 0 && two.length === 0) {
    throw new OzError('OZ_CLOUD_VERSION', 'Cannot use Glance: it has no version 2', {
      hint: 'the cloud is too old for this',
    });
  }
  const order = (id: string) => Number(id.split('.')[1] ?? 0);
  const newest = two.sort((a, b) => order(b) - order(a))[0] ?? null;
  return { base: `${root}/v2`, newest };
}

export function networkBase(endpoint: string): string {
  return `${splitEndpoint(endpoint).root}/v2.0`;
}
