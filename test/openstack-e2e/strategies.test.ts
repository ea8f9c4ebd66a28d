/**
 * The ways to start an installer's ISO in a cloud, each by a whole build: from
 * volumes, with the answers on a second CD; as a rescue medium, with the answers on
 * the config drive. The stand-in plays the installers, see compat/rigs/README.md.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { network } from '../../compat/rigs/openstack/layout.ts';
import { startStandinRig } from '../../compat/rigs/standin/rig.ts';
import { packageFile } from '../../src/base/package-root.ts';
import { runTool } from '../../src/base/run-tool.ts';
import { startSshd, type TestSshd } from '../customize/helpers/sshd.ts';
import { lookInside } from '../e2e/support/inside-image.ts';
import { explain, type Run, runOz } from '../e2e/support/run-oz.ts';
import { extraInside, rootPassword } from '../e2e/support/tdl.ts';
import { makeWorkspace, type Workspace } from '../e2e/support/workspace.ts';
import { makeProject, type Project, useCloud } from './support/project.ts';
import { type PlayedSystem, playedTemplate } from './support/standin-template.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startStandinRig({ bind: network.gateway });
});
afterAll(() => rig?.close());

interface Case {
  strategy: string;
  system: PlayedSystem;
  /** Of the plan: which medium carries the answers. */
  carrier: string;
  result: string;
  region?: string;
  /** Servers are reached through another host. */
  bastion?: boolean;
  /** A file is added to the ISO. */
  extra?: boolean;
  /** The ISO is not kept here, and so goes straight from its server into Glance. */
  passes?: boolean;
}

const cases: Case[] = [
  {
    strategy: 'volumes',
    system: { name: 'CentOS', version: '7' },
    carrier: 'medium',
    result: 'both',
    bastion: true,
    extra: true,
  },
  {
    strategy: 'rescue',
    system: { name: 'ArchLinux', version: 'rolling' },
    carrier: 'user-data',
    result: 'download',
    // A cloud without volumes has nothing else for an ISO.
    region: 'NoVolumes',
    passes: true,
  },
];

describe.each(cases)('$strategy', (each) => {
  let project: Project;
  let workspace: Workspace;
  let env: Record<string, string>;
  let made: Run;
  let bastion: TestSshd | undefined;
  const { strategy, result } = each;
  beforeAll(async () => {
    project = await makeProject(strategy, each.region);
    // Where there is no other way it is found without being asked for.
    const asked: Record<string, string> = each.region ? {} : { strategy };
    if (each.bastion) {
      bastion = await startSshd();
      asked.bastion = `root@${bastion.address.host}:${bastion.address.port}`;
    }
    workspace = await makeWorkspace({
      libvirt: { image_type: 'qcow2' },
      openstack: { ...asked, result },
      cache: each.passes ? { original_media: 'no' } : {},
    });
    env = { ...workspace.env, ...(await useCloud(project, workspace.at('clouds.yaml'))) };
    if (bastion) {
      await mkdir(workspace.at('home/.ssh'), { mode: 0o700 });
      const key = workspace.at('home/.ssh/id_ed25519');
      await writeFile(key, bastion.auth.privateKey, { mode: 0o600 });
    }
  });
  afterAll(async () => {
    await bastion?.stop();
    await project?.remove();
    await workspace?.remove();
  });

  it(`builds from the ISO, with the answers by ${each.carrier}`, async () => {
    const extra = each.extra ? await workspace.write('extra', 'added\n') : undefined;
    const text = playedTemplate(strategy, each.system, rig.isoUrl, extra);
    const tdl = await workspace.write('played.tdl', text);
    const { stdout } = await runTool(
      process.execPath,
      [packageFile('bin/oz.js'), 'plan', '--json', '-c', workspace.config, tdl],
      { cwd: workspace.dir, env },
    );
    const { install } = JSON.parse(stdout.toString('utf8'));
    expect(install).toMatchObject({ carrier: each.carrier, strategy: { name: strategy } });
    const log: string[] = [];
    made = await runOz(
      'oz-install',
      ['-c', workspace.config, '-u', '-x', workspace.at('played.xml'), tdl],
      { cwd: workspace.dir, env, onEvent: (event) => log.push(JSON.stringify(event)) },
    );
    expect(made.exitCode, explain(made)).toBe(0);
    for (const event of made.events) {
      if (event.type === 'phase-end') console.log(`  ${event.phase}: ${event.ms} ms`);
      if (event.type === 'mark') console.log(`  ${event.mark} at ${event.at} ms`);
    }
    expect(log.some((line) => line.includes('installer: straight from'))).toBe(!!each.passes);
    expect(log.join('\n')).not.toContain(rootPassword);
    if (bastion) expect(bastion.log()).toMatch(/Accepted publickey for root/);
  });

  it('leaves the result alone', async () => {
    const left = await project.leftovers();
    const expected =
      result === 'download'
        ? []
        : [expect.objectContaining({ kind: 'images', id: made.result?.published?.id })];
    expect(left).toEqual(expected);
    expect(await workspace.leftovers()).toEqual([]);
  });

  // The build itself has started it once and come in over SSH. Another time nobody gets in: the
  // played system makes new host keys when it has none, the stand-in's Debian does not.
  it('gives an image that is customized and sealed', async () => {
    const image = made.result?.image ?? '';
    expect(await readFile(workspace.at('played.xml'), 'utf8')).toContain(image);
    expect(made.marks).toHaveProperty('ssh-found');
    const inside = await lookInside(image);
    try {
      expect(await inside.read('/etc/ozma-e2e')).toBe('a file of the TDL');
      expect(await inside.read('/root/effect')).toMatch(/^uid=0/);
      expect(await inside.read(extraInside)).toBe(each.extra ? 'added\n' : null);
      expect(await inside.read('/root/.ssh/authorized_keys')).toBeNull();
    } finally {
      await inside.close();
    }
  });
});
