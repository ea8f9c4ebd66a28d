/**
 * Debian's real installer, from one template, on libvirt and on a real OpenStack at
 * the same time; the two oz.cfg differ in [backend] alone.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDebianRig } from '../../compat/rigs/debian/rig.ts';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { network } from '../../compat/rigs/openstack/layout.ts';
import { buildAndCheck, unsignedUdebs } from '../e2e/support/build-and-check.ts';
import { tdlText } from '../e2e/support/tdl.ts';
import { makeWorkspace, type Workspace } from '../e2e/support/workspace.ts';
import { makeProject, type Project, useCloud } from './support/project.ts';

const uri = 'qemu:///session';
/** Sections of both; a download is what compares with libvirt's file. */
const sections = {
  libvirt: { uri, image_type: 'qcow2' },
  openstack: { result: 'both' },
};

let rig: Rig;
let project: Project;
let local: Workspace;
let cloud: Workspace;
beforeAll(async () => {
  rig = await startDebianRig({ bind: network.gateway });
  project = await makeProject('debian');
  local = await makeWorkspace({ ...sections, backend: 'libvirt' });
  cloud = await makeWorkspace({ ...sections, backend: 'openstack' });
  Object.assign(cloud.env, await useCloud(project, cloud.at('clouds.yaml')));
});
afterAll(async () => {
  await project?.remove();
  await local?.remove();
  await cloud?.remove();
  await rig?.close();
});

const packagesIn = (icicle: string): string[] =>
  [...readFileSync(icicle, 'utf8').matchAll(/<package name="([^"]+)"/g)].map((m) => m[1] ?? '');

it('builds the same Debian 13 in both', async () => {
  const configs = await Promise.all([local, cloud].map(({ config }) => readFile(config, 'utf8')));
  const comparable = [local, cloud].map(({ dir }, i) => configs[i]?.replaceAll(dir, 'DIR') ?? '');
  expect(comparable[1]).toBe(comparable[0]?.replace('type = libvirt', 'type = openstack'));

  const install = { url: `${rig.url}/dists/trixie/` };
  const tdl = tdlText({ name: 'debian-both', install, kernelparam: unsignedUdebs, diskGiB: 6 });
  const builds = [local, cloud].map((place) => buildAndCheck(place, uri, 'debian-both', tdl));
  for (const one of await Promise.allSettled(builds))
    if (one.status === 'rejected') throw one.reason;

  const [here, there] = [local, cloud].map((place) => packagesIn(place.at('debian-both.icicle')));
  expect(here?.length).toBeGreaterThan(150);
  expect(there).toEqual(here);
  const left = await project.leftovers();
  expect(left.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['images debian-both (active)']);
});
