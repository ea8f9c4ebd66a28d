/**
 * One template, built on libvirt and on a real OpenStack that differ in oz.cfg's
 * [backend] alone; in the cloud by an ordinary project member, from an account
 * without rights and without any tool in its search path. The parts build on each
 * other, so that the installer runs no more often than it must.
 */
import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Published } from '../../backends/backend.ts';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { network } from '../../compat/rigs/openstack/layout.ts';
import { startStandinRig } from '../../compat/rigs/standin/rig.ts';
import { packageFile } from '../../src/base/package-root.ts';
import { runTool } from '../../src/base/run-tool.ts';
import { buildAndCheck } from '../e2e/support/build-and-check.ts';
import { expectSealed, expectWorking } from '../e2e/support/checks.ts';
import { type Command, explain, type Run, runOz } from '../e2e/support/run-oz.ts';
import { rootPassword, tdlText } from '../e2e/support/tdl.ts';
import { makeUser, type TemporaryUser } from '../e2e/support/user.ts';
import { makeWorkspace, type Workspace } from '../e2e/support/workspace.ts';
import { expectCallsSparse } from './support/calls.ts';
import { downloadImage, makeProject, type Project } from './support/project.ts';

let rig: Rig;
let project: Project;
let user: TemporaryUser;
/** Of the libvirt build, and of files that this test downloads. */
let workspace: Workspace;
/** The same in both places. */
const template = () => tdlText({ name: 'plain', install: { url: `${rig.url}/dists/trixie/` } });

beforeAll(async () => {
  rig = await startStandinRig({ bind: network.gateway });
  project = await makeProject('direct');
  user = await makeUser();
  workspace = await makeWorkspace({ libvirt: { uri: 'qemu:///session', image_type: 'qcow2' } });
  await user.write('.config/openstack/clouds.yaml', project.cloudsYaml);
  await user.write('plain.tdl', template());
  const timeouts = '[timeouts]\nboot = 1200\nshutdown = 600\n';
  await user.write('.oz/oz.cfg', `[backend]\ntype = openstack\n\n${timeouts}`);
});
afterAll(async () => {
  await user?.remove();
  await project?.remove();
  await workspace?.remove();
  await rig?.close();
});

/** Runs a command as that user; the commands that it starts, if any, would not be found. */
const run = (command: Command, ...args: string[]): Promise<Run> =>
  runOz(command, args, {
    cwd: user.home,
    env: { ...user.env, PATH: '/nonexistent', OS_CLOUD: project.name },
    user: user.name,
  });

const build = (...options: string[]) =>
  run('oz-install', ...options, '-u', '-g', '-i', 'plain.icicle', '-x', 'plain.xml', 'plain.tdl');

const inHome = (name: string) => `${user.home}/${name}`;
const packagesIn = (icicle: string): string[] =>
  [...readFileSync(icicle, 'utf8').matchAll(/<package name="([^"]+)"/g)].map((m) => m[1] ?? '');

let published: Published;

/** Nothing but the result, which is this one. */
async function expectOnly(image: Published | undefined): Promise<void> {
  expect(await project.leftovers()).toEqual([
    { kind: 'images', id: image?.id, name: `${image?.name} (active)` },
  ]);
}

it('builds into Glance, without rights, qemu, libvirt or any tool', async () => {
  const begin = new Date();
  const made = await build();
  expect(made.exitCode, explain(made)).toBe(0);
  expect(made.result?.image).toBeUndefined();
  expect(made.result?.published?.name).toBe('plain');
  if (!made.result?.published) return;
  published = made.result.published;
  for (const event of made.events) {
    if (event.type === 'phase-end') console.log(`  ${event.phase}: ${event.ms} ms`);
    if (event.type === 'mark') console.log(`  ${event.mark} at ${event.at} ms`);
  }
  expect(packagesIn(inHome('plain.icicle'))).toContain('figlet');
  expect(JSON.stringify(made.events) + made.stderr).not.toContain(rootPassword);
  await expectOnly(published);
  await expectCallsSparse(project.id, made, begin);
});

it('leaves no property of the build, and those that a guest of it needs', async () => {
  const image = (await project.images()).find(({ id }) => id === published.id);
  for (const gone of ['kernel_id', 'ramdisk_id', 'os_command_line', 'base_image_ref', 'image_type'])
    expect(image).not.toHaveProperty(gone);
  expect(Object.keys(image ?? {}).filter((name) => /rescue|instance_uuid/.test(name))).toEqual([]);
  expect(image).toMatchObject({
    status: 'active',
    visibility: 'private',
    disk_format: 'qcow2',
    os_distro: 'debian',
    os_version: '13',
    os_type: 'linux',
    hw_disk_bus: 'virtio',
    hw_vif_model: 'virtio',
  });
  // Nova makes a server's disk as large as its flavor says.
  expect(image?.min_disk).toBeGreaterThanOrEqual(4);
});

it('gives an image that is sealed and works', async () => {
  const file = workspace.at('images/from-glance.qcow2');
  await downloadImage(project.api, published.id, file);
  await expectSealed(file);
  await expectWorking(file);
  await rm(file);
});

it('gives the same as on libvirt, to the package', async () => {
  await buildAndCheck(workspace, 'qemu:///session', 'plain', template());
  const here = packagesIn(workspace.at('plain.icicle'));
  expect(here.length).toBeGreaterThan(50);
  expect(packagesIn(inHome('plain.icicle'))).toEqual(here);
});

it('refuses to build it again', async () => {
  const refused = await build();
  expect(refused.exitCode).toBe(1);
  expect(refused.error?.code).toBe('OZ_DISK_EXISTS');
  expect(refused.error?.hint).toMatch(/-p/);
  await expectOnly(published);
});

it('oz-customize refuses an image that no server lets us into, and says what to do', async () => {
  const refused = await run('oz-customize', 'plain.tdl', 'plain.xml');
  expect(refused.exitCode, explain(refused)).toBe(1);
  expect(refused.error?.code).toBe('OZ_PLAN_NO_WAY_IN');
  expect(refused.error?.hint).toMatch(/cloud-init/);
  await expectOnly(published);
});

it('-p builds it anew, with the answers from the metadata service', async () => {
  const [before] = (await project.leftovers()).map(({ id }) => id);
  const config = await readFile(inHome('.oz/oz.cfg'), 'utf8');
  await writeFile(inHome('.oz/oz.cfg'), `${config}\n[openstack]\nanswer = user-data\n`);
  const made = await run('oz-install', '-p', '-x', 'plain.xml', 'plain.tdl');
  expect(made.exitCode, explain(made)).toBe(0);
  expect(made.result?.published?.id).not.toBe(before);
  await expectOnly(made.result?.published);
  // The kernel of the first build was found again in Glance.
  expect(JSON.stringify(made.events)).toMatch(/kernel is in Glance already/);
});

it('oz-cleanup-cache removes what was staged, and nothing else', async () => {
  const results = await project.leftovers();
  expect((await project.images()).length).toBeGreaterThan(results.length);
  const { stdout } = await runTool('runuser', [
    ...['-u', user.name, '--', 'env', '-i', `HOME=${user.home}`, `OS_CLOUD=${project.name}`],
    ...[process.execPath, packageFile('bin/oz-cleanup-cache.js'), '-y'],
  ]);
  expect(stdout.toString('utf8')).toMatch(/Removing staged image/);
  expect((await project.images()).length).toBe(results.length);
  expect(await project.leftovers()).toEqual(results);
});
