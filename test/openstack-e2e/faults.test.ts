/** Faults of a real cloud: each build ends as it should, says why, and leaves nothing behind. */
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { network, url } from '../../compat/rigs/openstack/layout.ts';
import { type OpenStackRig, startOpenStackRig } from '../../compat/rigs/openstack/rig.ts';
import { startStandinRig } from '../../compat/rigs/standin/rig.ts';
import type { BuildEvent } from '../../src/engine/events.ts';
import { explain, type Run, runOz } from '../e2e/support/run-oz.ts';
import { tdlText } from '../e2e/support/tdl.ts';
import { makeWorkspace, type Workspace } from '../e2e/support/workspace.ts';
import { meanwhile } from './support/meanwhile.ts';
import {
  makeProject,
  type Project,
  revokeTokens,
  setQuota,
  setVolumeQuota,
  useCloud,
} from './support/project.ts';
import { type SlowGateway, slowGateway, type Treatment } from './support/slow-gateway.ts';
import { playedTemplate } from './support/standin-template.ts';

let cloud: OpenStackRig;
let rig: Rig;
beforeAll(async () => {
  cloud = await startOpenStackRig();
  rig = await startStandinRig({ bind: network.gateway });
});
afterAll(() => rig?.close());

let project: Project;
let workspace: Workspace;
beforeEach(async () => {
  const made = await makeProject('faults');
  const place = await makeWorkspace({ openstack: {} });
  project = made;
  workspace = place;
  return async () => {
    // Services that a failed test has left dead would fail all others, too.
    await startOpenStackRig();
    await made.remove();
    await place.remove();
  };
});

/** Keys of [openstack] for this run. */
async function configure(keys: Record<string, string>): Promise<void> {
  const place = await makeWorkspace({ openstack: keys });
  await workspace.remove();
  workspace = place;
}

type OnEvent = (event: BuildEvent, pid: number) => void;

const debian = () => tdlText({ name: 'fault', install: { url: `${rig.url}/dists/trixie/` } });
const fromIso = () => playedTemplate('fault', { name: 'CentOS', version: '7' }, rig.isoUrl);

/** Installs, without customising: the result goes to Glance. */
async function install(tdl: string, onEvent?: OnEvent, variables = {}): Promise<Run> {
  const env = {
    ...workspace.env,
    ...(await useCloud(project, workspace.at('clouds.yaml'))),
    ...variables,
  };
  const args = ['-c', workspace.config, '-x', workspace.at('out.xml'), '-d3'];
  return runOz('oz-install', [...args, await workspace.write('fault.tdl', tdl)], {
    cwd: workspace.dir,
    env,
    onEvent,
  });
}

/** Calls `act` when the first such event comes; failures of it fail the test. */
function once(is: (event: BuildEvent) => boolean, act: (pid: number) => Promise<unknown>) {
  let done: Promise<unknown> | undefined;
  return {
    onEvent: (event: BuildEvent, pid: number) => {
      if (done || !is(event)) return;
      done = act(pid);
      done.catch(() => {});
    },
    /** Throws where the event never came. */
    async finished(run: Run): Promise<void> {
      expect(done, `the event to act on never came: ${explain(run)}`).toBeDefined();
      await done;
    },
  };
}

const begins = (phase: string) => (event: BuildEvent) =>
  event.type === 'phase-start' && event.phase === phase;
const marks = (mark: string) => (event: BuildEvent) => event.type === 'mark' && event.mark === mark;

async function expectFailure(run: Run, code: string, message: RegExp): Promise<void> {
  expect(run.exitCode, explain(run)).toBe(1);
  expect(run.error?.code, explain(run)).toBe(code);
  expect(run.error?.message).toMatch(/^Cannot /);
  expect(`${run.error?.message} ${run.error?.hint}`).toMatch(message);
  expect(run.error?.hint).toBeTruthy();
  console.log(`  ${run.error?.message} (${run.error?.hint})`);
  await expectNothing();
}

async function expectNothing(): Promise<void> {
  expect(await project.leftovers()).toEqual([]);
  expect(await workspace.leftovers()).toEqual([]);
}

describe('before anything is made', () => {
  it('a wrong password', async () => {
    const run = await install(debian(), undefined, { OS_CLOUD: '', ...wrongLogin() });
    await expectFailure(run, 'OZ_CLOUD_AUTH', /user|password/i);
    expect(await project.images()).toEqual([]);
    expect(JSON.stringify(run.events) + run.stderr).not.toContain('not-the-password');
  });

  const wrongLogin = () => ({
    OS_AUTH_URL: `${url('identity')}/v3`,
    OS_USERNAME: project.name,
    OS_PASSWORD: 'not-the-password',
    OS_PROJECT_NAME: project.name,
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    OS_CLIENT_CONFIG_FILE: '/nonexistent',
  });

  it('a full quota of servers', async () => {
    await setQuota(project, { instances: 0 });
    await expectFailure(await install(debian()), 'OZ_CLOUD_QUOTA', /servers: 1 needed, 0 left/);
    expect(await project.images()).toEqual([]);
  });

  it('a full quota of volumes, where they are asked for', async () => {
    await configure({ strategy: 'volumes' });
    await setVolumeQuota(project, { gigabytes: 2 });
    await expectFailure(await install(fromIso()), 'OZ_PLAN_DELIVERY', /quota has room for 2 GiB/);
    expect(await project.images()).toEqual([]);
  });
});

describe('while it builds', () => {
  it('the network is deleted after it was chosen', async () => {
    const neutron = `${url('network')}/v2.0`;
    const { network: made } = await project.api.send('POST', `${neutron}/networks`, {
      network: { name: 'short-lived' },
    });
    await project.api.send('POST', `${neutron}/subnets`, {
      subnet: { network_id: made.id, ip_version: 4, cidr: '172.24.9.0/24' },
    });
    await configure({ network: 'short-lived', customize: 'cloud-init' });
    // Neutron deletes a network's subnets first: halfway, Nova gives another reason.
    const deletion = once(begins('fetch-media'), (pid) =>
      meanwhile(pid, () => project.api.send('DELETE', `${neutron}/networks/${made.id}`)),
    );
    const run = await install(debian(), deletion.onEvent);
    await deletion.finished(run);
    await expectFailure(run, 'OZ_CLOUD_REFUSED', new RegExp(`${made.id}.*could not be found`));
  });

  it('a volume falls into error', async () => {
    await configure({ strategy: 'volumes', web_download: 'no' });
    const cinder = `${url('volume')}/v3`;
    const volumes = async (): Promise<{ id: string; status: string }[]> =>
      (await project.api.send('GET', `${cinder}/${project.id}/volumes/detail`)).volumes;
    const breakFirst = async () => {
      let [volume] = await volumes();
      // Cinder would overwrite the state as soon as it has made the volume.
      for (; volume?.status === 'creating'; [volume] = await volumes()) await sleep(200);
      const address = `${cinder}/${project.admin.projectId}/volumes/${volume?.id}/action`;
      await project.admin.send('POST', address, { 'os-reset_status': { status: 'error' } });
    };
    let over = false;
    const breaking = once(begins('create-disk'), async (pid) => {
      while (!over && (await volumes()).length === 0) await sleep(100);
      await meanwhile(pid, breakFirst);
    });
    const run = await install(fromIso(), breaking.onEvent).finally(() => {
      over = true;
    });
    await breaking.finished(run);
    await expectFailure(run, 'OZ_CLOUD_VOLUME', /error|volume/i);
  });

  it('Glance dies in an upload, tokens are taken back, nova-compute starts again', async () => {
    await configure({ strategy: 'volumes', web_download: 'no', result: 'glance' });
    const crash = once(
      (event) => event.type === 'progress' && event.phase === 'stage-media' && event.done > 0,
      async (pid) => {
        await meanwhile(pid, () => cloud.kill('glance-api'));
        await sleep(3000);
        await cloud.restart('glance-api');
      },
    );
    const change = once(marks('guest-started'), async (pid) => {
      // The user is away for a moment, too, which would be another fault.
      await meanwhile(pid, () => revokeTokens(project));
      await cloud.restart('nova-compute');
    });
    const run = await install(fromIso(), (event, pid) => {
      crash.onEvent(event, pid);
      change.onEvent(event, pid);
    });
    await crash.finished(run);
    await change.finished(run);
    expect(run.exitCode, explain(run)).toBe(0);
    const text = JSON.stringify(run.events);
    // It was seen, and survived: an upload begun again, a new token.
    expect(text).toMatch(/Glance/);
    expect(await project.leftovers()).toEqual([
      expect.objectContaining({ kind: 'images', id: run.result?.published?.id }),
    ]);
  });

  it('the build is killed: the next run clears up', async () => {
    const killed = await install(debian(), (event, pid) => {
      if (marks('guest-started')(event)) process.kill(pid, 'SIGKILL');
    });
    expect(killed.exitCode).toBe(128);
    const kinds = (await project.leftovers()).map(({ kind }) => kind);
    expect(kinds).toContain('servers');
    expect(kinds).toContain('images');
    await setQuota(project, { instances: 0 });
    const next = await install(debian());
    expect(next.error?.code).toBe('OZ_CLOUD_QUOTA');
    await expectNothing();
  });
});

describe('behind a gateway', () => {
  /** Installs with Nova behind one. */
  async function installBehind(treat: (nth: number, pid: number) => Treatment, onEvent?: OnEvent) {
    let builder = 0;
    const gateway = await slowGateway(url('compute'), (nth) => treat(nth, builder));
    const clouds = workspace.at('gateway.yaml');
    const override = `    compute_endpoint_override: ${gateway.url}/v2.1\n`;
    await writeFile(clouds, project.cloudsYaml + override);
    const run = await install(
      debian(),
      (event, pid) => {
        builder = pid;
        onEvent?.(event, pid);
      },
      { OS_CLIENT_CONFIG_FILE: clouds },
    );
    await gateway.close();
    return { run, gateway };
  }

  const ended = async (run: Run, { made }: SlowGateway, servers: number) => {
    expect(made).toEqual(Array(servers).fill(202));
    await expectNothing();
    // Nor does anything come after that.
    await sleep(5000);
    expect(await project.leftovers(), explain(run)).toEqual([]);
  };

  it('that gives all requests up, which make servers all the same', async () => {
    const { run, gateway } = await installBehind(() => ({ lateMs: 11_000, givenUp: true }));
    expect(run.error?.code, explain(run)).toBe('OZ_CLOUD_UNREACHABLE');
    await ended(run, gateway, 3);
  });

  it('that gives the first request up, and then Ctrl-C', async () => {
    const { run, gateway } = await installBehind(
      (nth) => (nth === 1 ? { lateMs: 7000, givenUp: true } : { lateMs: 0, givenUp: false }),
      (event, pid) => {
        if (marks('guest-started')(event)) process.kill(pid, 'SIGINT');
      },
    );
    expect(run.exitCode, explain(run)).toBe(130);
    await ended(run, gateway, 2);
  });

  it('Ctrl-C while Nova makes the server', async () => {
    const { run, gateway } = await installBehind((_, pid) => {
      process.kill(pid, 'SIGINT');
      return { lateMs: 2000, givenUp: false };
    });
    expect(run.exitCode, explain(run)).toBe(130);
    await ended(run, gateway, 1);
  });
});
