/**
 * A project behind a router, as in public clouds: this machine is not on the servers' network,
 * and gets to them by a floating IP of the build's own.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { network, publicNetwork } from '../../compat/rigs/openstack/layout.ts';
import { startStandinRig } from '../../compat/rigs/standin/rig.ts';
import { packageFile } from '../../src/base/package-root.ts';
import { runTool } from '../../src/base/run-tool.ts';
import { expectSealed } from '../e2e/support/checks.ts';
import { explain, runOz } from '../e2e/support/run-oz.ts';
import { tdlText } from '../e2e/support/tdl.ts';
import { makeWorkspace, type Workspace } from '../e2e/support/workspace.ts';
import { type InnerNetwork, makeInnerNetwork } from './support/inner-network.ts';
import { meanwhile } from './support/meanwhile.ts';
import { makeProject, type Project, type Resource, useCloud } from './support/project.ts';

let rig: Rig;
let project: Project;
let inner: InnerNetwork;
let workspace: Workspace;
let env: Record<string, string>;
beforeAll(async () => {
  rig = await startStandinRig({ bind: network.gateway });
  project = await makeProject('floating');
  inner = await makeInnerNetwork(project);
  workspace = await makeWorkspace({
    libvirt: { image_type: 'qcow2' },
    openstack: {
      network: inner.name,
      floating_ip_pool: publicNetwork.name,
      customize: 'ssh',
      result: 'download',
    },
  });
  env = { ...workspace.env, ...(await useCloud(project, workspace.at('clouds.yaml'))) };
  const install = { url: `${rig.url}/dists/trixie/` };
  await workspace.write('plain.tdl', tdlText({ name: 'plain', install }));
});
afterAll(async () => {
  await inner?.remove();
  await project?.remove();
  await workspace?.remove();
  await rig?.close();
});

/** With a subcommand's arguments; returns what it writes. */
async function oz(...args: string[]): Promise<string> {
  const { stdout } = await runTool(process.execPath, [packageFile('bin/oz.js'), ...args], {
    cwd: workspace.dir,
    env,
  });
  return stdout.toString('utf8');
}

it('is planned', async () => {
  const text = await oz('plan', '-c', workspace.config, 'plain.tdl');
  expect(text).toMatch(/floating IP of public/);
});

it('customizes over the floating IP, and gives it back', async () => {
  let then: Promise<Resource[]> | undefined;
  const made = await runOz(
    'oz-install',
    ['-c', workspace.config, '-u', '-g', '-x', workspace.at('plain.xml'), 'plain.tdl'],
    {
      cwd: workspace.dir,
      env,
      onEvent: (event, pid) => {
        if (event.type === 'mark' && event.mark === 'ssh-found') {
          then = meanwhile(pid, () => project.leftovers());
          then.catch(() => {});
        }
      },
    },
  );
  expect(made.exitCode, explain(made)).toBe(0);
  const kinds = (await then)?.map(({ kind }) => kind);
  expect(kinds).toContain('floatingips');
  await expectSealed(made.result?.image ?? '');
  expect(await project.leftovers()).toEqual([]);
  expect(await workspace.leftovers()).toEqual([]);
});
