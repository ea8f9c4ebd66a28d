/** A project of its own for a test file, looked into by other means than the product's. */
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type CloudApi, signIn } from '../../../compat/rigs/openstack/cloud-api.ts';
import { ensureMember } from '../../../compat/rigs/openstack/content.ts';
import { password, region, url } from '../../../compat/rigs/openstack/layout.ts';

export interface Resource {
  kind: string;
  id: string;
  name: string;
}

export interface GlanceImage {
  id: string;
  name: string;
  status: string;
  size: number;
  disk_format: string;
  min_disk: number;
  [property: string]: unknown;
}

export interface Project {
  /** Of the project, its user, and its cloud in clouds.yaml. */
  name: string;
  id: string;
  userId: string;
  /** As its member. */
  api: CloudApi;
  admin: CloudApi;
  /** Text of a clouds.yaml with this cloud alone. */
  cloudsYaml: string;
  images(): Promise<GlanceImage[]>;
  /** All that a build makes, but for images that it keeps for later ones (the cache). */
  leftovers(): Promise<Resource[]>;
  /** Removes its resources, then itself. */
  remove(): Promise<void>;
}

const nova = `${url('compute')}/v2.1`;
const neutron = `${url('network')}/v2.0`;
const glance = `${url('image')}/v2`;
const identity = `${url('identity')}/v3`;
const cinder = (projectId: string) => `${url('volume')}/v3/${projectId}`;

const cloudsYaml = (name: string, regionName: string) => `clouds:
  ${name}:
    region_name: ${regionName}
    auth:
      auth_url: ${identity}
      username: ${name}
      password: ${password}
      project_name: ${name}
      user_domain_name: Default
      project_domain_name: Default
`;

/** The property that marks what stays for later builds. */
const isCached = (image: GlanceImage) => typeof image.ozma_sha256 === 'string';

/** Those of servers; routers and DHCP have some of their own. */
async function ports(api: CloudApi): Promise<Resource[]> {
  const found: (Resource & { device_owner: string })[] = (
    await api.send('GET', `${neutron}/ports?project_id=${api.projectId}`)
  ).ports;
  return found
    .filter(({ device_owner }) => !device_owner.startsWith('network:'))
    .map(({ id, name }) => ({ kind: 'ports', id, name }));
}

async function resources(api: CloudApi, images: GlanceImage[]): Promise<Resource[]> {
  const { projectId } = api;
  const list = async (kind: string, address: string): Promise<Resource[]> => {
    const found = (await api.send('GET', address))[kind];
    return found.map(({ id, name }: Resource) => ({ kind, id, name }));
  };
  const pairs = (await api.send('GET', `${nova}/os-keypairs`)).keypairs;
  return [
    ...(await list('servers', `${nova}/servers/detail`)),
    ...(await list('volumes', `${cinder(projectId)}/volumes/detail`)),
    ...(await list('snapshots', `${cinder(projectId)}/snapshots`)),
    ...(await ports(api)),
    ...(await list('floatingips', `${neutron}/floatingips?project_id=${projectId}`)),
    ...pairs.map(({ keypair }: { keypair: { name: string } }) => ({
      kind: 'keypairs',
      id: keypair.name,
      name: keypair.name,
    })),
    ...images
      .filter((image) => !isCached(image))
      .map(({ id, name, status }) => ({ kind: 'images', id, name: `${name} (${status})` })),
  ];
}

export async function makeProject(prefix: string, regionName: string = region): Promise<Project> {
  const name = `${prefix}-${randomBytes(3).toString('hex')}`;
  const admin = await signIn('admin');
  const id = await ensureMember(admin, name);
  // Signed in anew each time: a test may have taken tokens back.
  const member = () => signIn(name);
  const api = await member();
  const images = async (): Promise<GlanceImage[]> =>
    (await admin.send('GET', `${glance}/images?owner=${id}&limit=500`)).images;
  const remains = async () => resources(await member(), await images());
  return {
    name,
    id,
    userId: api.userId,
    api,
    admin,
    cloudsYaml: cloudsYaml(name, regionName),
    images,
    leftovers: remains,
    async remove() {
      const own = await member();
      const gone = async (method: string, address: string) =>
        own.send(method, address).catch(() => null);
      for (const { kind, id: each } of await remains()) {
        if (kind === 'servers') await gone('DELETE', `${nova}/servers/${each}`);
      }
      for (let i = 0; i < 60 && (await remains()).some((one) => one.kind === 'servers'); i++) {
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
      for (const image of await images()) await gone('DELETE', `${glance}/images/${image.id}`);
      for (const { kind, id: each } of await remains()) {
        if (kind === 'volumes') await gone('DELETE', `${cinder(id)}/volumes/${each}`);
        if (kind === 'ports') await gone('DELETE', `${neutron}/ports/${each}`);
        if (kind === 'keypairs') await gone('DELETE', `${nova}/os-keypairs/${each}`);
      }
      await admin.send('DELETE', `${identity}/users/${own.userId}`);
      await admin.send('DELETE', `${identity}/projects/${id}`);
    },
  };
}

/** Sets compute quotas of a project: `{ instances: 0 }`. */
export async function setQuota({ admin, id }: Project, quota: object): Promise<void> {
  await admin.send('PUT', `${nova}/os-quota-sets/${id}`, { quota_set: { force: true, ...quota } });
}

/** Sets volume quotas of a project: `{ gigabytes: 1 }`. */
export async function setVolumeQuota({ admin, id }: Project, quota: object): Promise<void> {
  const address = `${cinder(admin.projectId)}/os-quota-sets/${id}`;
  await admin.send('PUT', address, { quota_set: quota });
}

/** Takes all the user's tokens back, as if they had expired. */
export async function revokeTokens({ admin, userId }: Project): Promise<void> {
  for (const enabled of [false, true]) {
    await admin.send('PATCH', `${identity}/users/${userId}`, { user: { enabled } });
  }
}

/** Downloads an image by plain HTTP. */
export async function downloadImage(api: CloudApi, id: string, to: string): Promise<void> {
  const response = await fetch(`${glance}/images/${id}/file`, {
    headers: { 'x-auth-token': api.token },
  });
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status} for image ${id}`);
  await pipeline(Readable.fromWeb(response.body), createWriteStream(to));
}

/** Writes the project's clouds.yaml; returns the variables that name it. */
export async function useCloud(project: Project, file: string): Promise<Record<string, string>> {
  await writeFile(file, project.cloudsYaml);
  return { OS_CLIENT_CONFIG_FILE: file, OS_CLOUD: project.name };
}
