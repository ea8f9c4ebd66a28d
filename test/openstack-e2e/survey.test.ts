/** What `oz plan` decides by what a cloud has: volumes, a network, both, neither. Makes nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { cloudsFile, network, openStackLayout } from '../../compat/rigs/openstack/layout.ts';
import { startStandinRig } from '../../compat/rigs/standin/rig.ts';
import { packageFile } from '../../src/base/package-root.ts';
import { runTool } from '../../src/base/run-tool.ts';
import { tdlText } from '../e2e/support/tdl.ts';
import { makeWorkspace, type Workspace } from '../e2e/support/workspace.ts';
import { playedTemplate } from './support/standin-template.ts';

let rig: Rig;
let workspace: Workspace;
const templates: Record<string, string> = {};
beforeAll(async () => {
  rig = await startStandinRig({ bind: network.gateway });
  workspace = await makeWorkspace({ openstack: {} });
  Object.assign(templates, {
    debian: tdlText({ name: 'plain', install: { url: `${rig.url}/dists/trixie/` } }),
    centos: playedTemplate('plain', { name: 'CentOS', version: '7' }, rig.isoUrl),
    arch: playedTemplate('plain', { name: 'ArchLinux', version: 'rolling' }, rig.isoUrl),
  });
});
afterAll(async () => {
  await workspace?.remove();
  await rig?.close();
});

async function plan(cloud: string, template: string) {
  const tdl = await workspace.write(`${template}.tdl`, templates[template] ?? '');
  const { stdout, stderr, exitCode } = await runTool(
    process.execPath,
    [packageFile('bin/oz.js'), 'plan', '--json', '-c', workspace.config, tdl],
    {
      cwd: workspace.dir,
      env: {
        ...workspace.env,
        OS_CLOUD: cloud,
        OS_CLIENT_CONFIG_FILE: cloudsFile(openStackLayout()),
      },
      okCodes: [0, 1],
    },
  );
  return { exitCode, stderr, plan: exitCode === 0 ? JSON.parse(stdout.toString('utf8')) : null };
}

interface Expected {
  cloud: string;
  template: string;
  strategy: string;
  carrier: string;
  network: string;
}

const chosen: Expected[] = [
  { cloud: 'demo', template: 'debian', strategy: 'direct', carrier: 'initrd', network: 'net' },
  { cloud: 'novolumes', template: 'debian', strategy: 'direct', carrier: 'initrd', network: 'net' },
  { cloud: 'bare', template: 'debian', strategy: 'direct', carrier: 'initrd', network: 'none' },
  { cloud: 'demo', template: 'arch', strategy: 'volumes', carrier: 'medium', network: 'net' },
  {
    cloud: 'novolumes',
    template: 'arch',
    strategy: 'rescue',
    carrier: 'user-data',
    network: 'net',
  },
  { cloud: 'bare', template: 'arch', strategy: 'rescue', carrier: 'user-data', network: 'none' },
  // The installer's files come from its ISO, which is then a volume beside the disk.
  { cloud: 'demo', template: 'centos', strategy: 'direct', carrier: 'initrd', network: 'net' },
];

describe.each(chosen)('$template on $cloud', (expected) => {
  it(`by ${expected.strategy}, the answers by ${expected.carrier}`, async () => {
    const { plan: made, stderr } = await plan(expected.cloud, expected.template);
    expect(made, stderr).not.toBeNull();
    const { install, chosen: place } = made;
    expect(install.strategy.name).toBe(expected.strategy);
    expect(install.strategy.reason).toBeTruthy();
    expect(install.carrier).toBe(expected.carrier);
    expect(place.network).toBe(expected.network);
  });
});

it('tells why nothing is possible, before anything is made', async () => {
  const { exitCode, stderr } = await plan('novolumes', 'centos');
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/the cloud has no volumes \(Cinder\)/);
  expect(stderr).toMatch(/^Hint: /m);
});
