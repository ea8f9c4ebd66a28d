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
import { runOz } from '../e2e/support/run-oz.ts';
import { tdlText } from '../e2e/support/tdl.ts';
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

it('builds, told by user data alone what to do', async () => {
  const outputs = {
    image: workspace.at('images/told.qcow2'),
    domainXml: workspace.at('told.xml'),
    icicle: workspace.at('told.icicle'),
  };
  const text = tdlText({ name: 'told', install: { url: `${rig.url}/dists/trixie/` } });
  const tdl = await workspace.write('told.tdl', text);
  const env = { ...workspace.env, OS_CLIENT_CONFIG_FILE: cloudsFile(openStackLayout()) };
  const { config } = workspace;
  const { icicle, domainXml } = outputs;
  const run = await runOz(
    'oz-install',
    ['-c', config, '-d3', '-u', '-g', '-i', icicle, '-x', domainXml, tdl],
    { cwd: workspace.dir, env },
  );
  expectDelivered(run, outputs);
  // Nobody has come in.
  expect(Object.keys(run.marks).filter((mark) => mark.startsWith('ssh-'))).toEqual([]);
  const log = JSON.stringify(run.events);
  expect(log).toMatch(/servers\/[-0-9a-f]+\/diagnostics 200/);
  expect(readFileSync(icicle, 'utf8')).toMatch(/<package name="cloud-init"/);
  expect(await project.leftovers()).toEqual([
    expect.objectContaining({ kind: 'images', id: run.result?.published?.id }),
  ]);
  await expectSealed(outputs.image);
  await expectWorking(outputs.image);
});
