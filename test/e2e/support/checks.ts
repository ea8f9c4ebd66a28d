/** What every finished build must show: its outputs, a sealed image, a system that works. */
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { runTool } from '../../../src/base/run-tool.ts';
import { bootImage } from './boot-image.ts';
import { lookInside } from './inside-image.ts';
import { explain, type Run } from './run-oz.ts';
import { rootPassword } from './tdl.ts';
import type { Workspace } from './workspace.ts';

export interface Outputs {
  image: string;
  domainXml: string;
  icicle: string;
}

/** Exit code, files, no secret in what was said; prints what the run measured. */
export function expectDelivered(run: Run, outputs: Outputs): void {
  expect(run.exitCode, explain(run)).toBe(0);
  expect(run.result?.image).toBe(outputs.image);
  expect(existsSync(outputs.image)).toBe(true);
  const xml = readFileSync(outputs.domainXml, 'utf8');
  expect(xml).toContain(outputs.image);
  expect(xml).not.toMatch(/cache=['"]unsafe/);
  const icicle = readFileSync(outputs.icicle, 'utf8');
  expect(icicle).toMatch(/<package name="figlet"/);
  expect(icicle).toMatch(/state: install/);
  expect(JSON.stringify(run.events) + run.stderr).not.toContain(rootPassword);
  for (const event of run.events) {
    if (event.type === 'phase-end') console.log(`  ${event.phase}: ${event.ms} ms`);
    if (event.type === 'mark') console.log(`  ${event.mark} at ${event.at} ms`);
  }
}

/** Nothing of the build, and nothing that must differ between copies, is in the image. */
export async function expectSealed(image: string): Promise<void> {
  const inside = await lookInside(image);
  try {
    expect(await inside.read('/etc/ozma-e2e')).toBe('a file of the TDL');
    expect(await inside.read('/root/.ssh/authorized_keys')).toBeNull();
    const ssh = await inside.list('/etc/ssh');
    expect(ssh).toContain('sshd_config');
    expect(ssh.filter((name) => name.startsWith('ssh_host_'))).toEqual([]);
    const machineId = (await inside.read('/etc/machine-id')) ?? '';
    expect(machineId.replace('uninitialized', '').trim()).toBe('');
    expect(await inside.list('/var/lib/dhcpcd')).not.toContain('eth0.lease');
  } finally {
    await inside.close();
  }
}

/** The image boots; root's password works; package, file and command are there. */
export async function expectWorking(image: string, password = rootPassword): Promise<void> {
  const guest = await bootImage(image, password);
  try {
    console.log(`  booted again: logged in after ${guest.seconds} s`);
    expect(await guest.run('dpkg-query -s figlet')).toMatch(/^Status: install ok installed$/m);
    expect(await guest.run('cat /etc/ozma-e2e')).toBe('a file of the TDL');
    expect(await guest.run('cat /root/effect')).toMatch(/_\|/);
    expect((await guest.run('cat /etc/debian_version')).trim()).toMatch(/^13/);
    expect(await guest.run('ls /root/.ssh/authorized_keys* 2>/dev/null')).toBe('');
    // It is systemd that makes one.
    const id = 'if [ -e /lib/systemd/systemd ]; then cat /etc/machine-id; else echo none; fi';
    expect((await guest.run(id)).trim()).toMatch(/^([0-9a-f]{32}|none)$/);
    expect((await guest.run('ls /etc/ssh/ssh_host_*_key')).trim()).not.toBe('');
  } finally {
    await guest.close();
  }
}

/** No domain of this name, no lock, no ledger, no temporary file. */
export async function expectNothingLeft(
  workspace: Workspace,
  uri: string,
  name: string,
  user?: string,
): Promise<void> {
  expect(await workspace.leftovers()).toEqual([]);
  const list = ['-c', uri, 'list', '--all', '--name'];
  const { stdout } = user
    ? await runTool('runuser', ['-u', user, '--', 'virsh', ...list], { env: workspace.env })
    : await runTool('virsh', list, { env: workspace.env });
  expect(stdout.toString('utf8').split('\n')).not.toContain(name);
}
