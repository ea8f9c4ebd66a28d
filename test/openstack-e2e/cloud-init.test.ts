/**
 * A build that nobody gets into: customised by cloud-init, its packages listed over
 * the console, as administrator, who may read the guest's activity.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { cloudsFile, network, openStackLayout, url } from '../../compat/rigs/openstack/layout.ts';
import { startStandinRig } from '../../compat/rigs/standin/rig.ts';
import { expectDelivered, expectSealed, expectWorking } from '../e2e/support/checks.ts';
import { lookInside } from '../e2e/support/inside-image.ts';
import { type Command, explain, type Run, runOz } from '../e2e/support/run-oz.ts';
import { rootPassword, tdlText } from '../e2e/support/tdl.ts';
import { makeWorkspace, type Workspace } from '../e2e/support/workspace.ts';
import { makeProject, type Project } from './support/project.ts';

let rig: Rig;
let project: Project;
let workspace: Workspace;
beforeAll(async () => {
  rig = await startStandinRig({ bind: network.gateway, cloudInit: true });
  project = await makeProject('cloud-init');
  const identity = `${url('identity')}/v3`;
  // The administrator of the cloud, at work in a project of its own.
  const { roles } = await project.admin.send('GET', `${identity}/roles?name=admin`);
  const grant = `${identity}/projects/${project.id}/users/${project.admin.userId}/roles`;
  await project.admin.send('PUT', `${grant}/${roles[0].id}`);
  workspace = await makeWorkspace({
    libvirt: { image_type: 'qcow2' },
    openstack: {
      cloud: 'admin',
      project_name: project.name,
      customize: 'cloud-init',
      result: 'both',
    },
  });
});
afterAll(async () => {
  await project?.remove();
  await workspace?.remove();
  await rig?.close();
});

const outputs = () => ({
  image: workspace.at('images/told.qcow2'),
  domainXml: workspace.at('told.xml'),
  icicle: workspace.at('told.icicle'),
});
const run = (command: Command, ...args: string[]): Promise<Run> =>
  runOz(command, ['-c', workspace.config, '-d3', ...args], {
    cwd: workspace.dir,
    env: { ...workspace.env, OS_CLIENT_CONFIG_FILE: cloudsFile(openStackLayout()) },
  });
/** Nobody has come in. */
const expectClosed = ({ marks }: Run) =>
  expect(Object.keys(marks).filter((mark) => mark.startsWith('ssh-'))).toEqual([]);
const expectOnly = async (id: string | undefined) =>
  expect(await project.leftovers()).toEqual([expect.objectContaining({ kind: 'images', id })]);
const packagesIn = (icicle: string) =>
  [...readFileSync(icicle, 'utf8').matchAll(/<package name="([^"]+)"/g)].map((m) => m[1] ?? '');

let published: string | undefined;

it('builds, told by user data alone what to do', async () => {
  const text = tdlText({ name: 'told', install: { url: `${rig.url}/dists/trixie/` } });
  const tdl = await workspace.write('told.tdl', text);
  const { icicle, domainXml, image } = outputs();
  const made = await run('oz-install', '-u', '-g', '-i', icicle, '-x', domainXml, tdl);
  expectDelivered(made, outputs());
  expectClosed(made);
  expect(JSON.stringify(made.events)).toMatch(/servers\/[-0-9a-f]+\/diagnostics 200/);
  expect(packagesIn(icicle)).toContain('cloud-init');
  published = made.result?.published?.id;
  await expectOnly(published);
  await expectSealed(image);
  await expectWorking(image);
});

it('oz-generate-icicle lists the packages of the image in Glance', async () => {
  const icicle = workspace.at('again.icicle');
  const tdl = workspace.at('told.tdl');
  const listed = await run('oz-generate-icicle', '-i', icicle, tdl, outputs().domainXml);
  expect(listed.exitCode, explain(listed)).toBe(0);
  expect(packagesIn(icicle)).toEqual(packagesIn(outputs().icicle));
  await expectOnly(published);
});

it('oz-customize puts a customized image in its place, in Glance and here', async () => {
  const install = { url: `${rig.url}/dists/trixie/` };
  const command = 'figlet -w 60 again > /root/effect; echo more > /etc/more';
  const tdl = await workspace.write('more.tdl', tdlText({ name: 'told', install, command }));
  const customised = await run('oz-customize', tdl, outputs().domainXml);
  expect(customised.exitCode, explain(customised)).toBe(0);
  expect(JSON.stringify(customised.events) + customised.stderr).not.toContain(rootPassword);
  const after = customised.result?.published?.id;
  expect(after).not.toBe(published);
  await expectOnly(after);
  await expectSealed(outputs().image);
  const inside = await lookInside(outputs().image);
  try {
    expect((await inside.read('/etc/more'))?.trim()).toBe('more');
  } finally {
    await inside.close();
  }
});
