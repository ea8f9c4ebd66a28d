/**
 * A whole build on a libvirt behind SSH: this machine's own, which sees no file of the build's
 * here but those that were sent. The ISO gets a file more on its way.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { startStandinRig } from '../../compat/rigs/standin/rig.ts';
import { runTool } from '../../src/base/run-tool.ts';
import { startSshd, type TestSshd } from '../customize/helpers/sshd.ts';
import { buildAndCheck } from './support/build-and-check.ts';
import { lookInside } from './support/inside-image.ts';
import { type SystemLibvirt, startSystemLibvirt, systemUri } from './support/system-libvirt.ts';
import { extraInside, tdlText } from './support/tdl.ts';
import { makeWorkspace, type Workspace } from './support/workspace.ts';

let libvirt: SystemLibvirt;
let rig: Rig;
let sshd: TestSshd;
let workspace: Workspace;
beforeAll(async () => {
  libvirt = await startSystemLibvirt();
  rig = await startStandinRig({ bind: libvirt.address });
  sshd = await startSshd();
});
afterAll(async () => {
  await workspace?.remove();
  await sshd?.stop();
  await rig?.close();
  await libvirt?.stop();
});

/** An ssh of the test's own, so that root's keys and known hosts stay as they are. */
async function writeSsh(file: string, key: string): Promise<void> {
  await writeFile(key, sshd.auth.privateKey, { mode: 0o600 });
  const options = `-F none -i ${key} -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no`;
  await writeFile(file, `#!/bin/sh\nexec ssh ${options} "$@"\n`, { mode: 0o755 });
}

/** Volumes of all pools, as `pool/name`. */
async function volumes(): Promise<string[]> {
  const lines = async (...args: string[]) =>
    (await runTool('virsh', ['-c', systemUri, ...args])).stdout
      .toString('utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
  const found: string[] = [];
  for (const pool of await lines('pool-list', '--name')) {
    const rows = (await lines('vol-list', pool)).slice(2);
    found.push(...rows.map((row) => `${pool}/${row.split(/\s/)[0]}`));
  }
  return found;
}

it('builds there, with the ISO spliced on its way, and leaves no volume', async () => {
  const { host, port } = sshd.address;
  // Whether KVM works can be tried on this machine alone.
  workspace = await makeWorkspace({ libvirt: { type: 'qemu', image_type: 'qcow2' } });
  const ssh = workspace.at('ssh');
  await writeSsh(ssh, workspace.at('key'));
  const uri = `qemu+ssh://root@${host}:${port}/system?command=${ssh}`;
  const config = await readFile(workspace.config, 'utf8');
  await writeFile(workspace.config, config.replace('[libvirt]\n', `[libvirt]\nuri = ${uri}\n`));
  const before = await volumes();
  const extra = await workspace.write('extra', 'added\n');
  const install = { iso: rig.isoUrl, sha256sum: new URL('SHA256SUMS', rig.isoUrl).href };
  const kernelparam = `mirror/http/hostname=${new URL(rig.url).host}`;
  const tdl = tdlText({ name: 'far', install, kernelparam, extra });
  await buildAndCheck(workspace, systemUri, 'far', tdl);
  expect(sshd.log()).toMatch(/Accepted publickey for root/);
  expect(await volumes()).toEqual(before);
  const inside = await lookInside(workspace.at('images', 'far.qcow2'));
  try {
    expect(await inside.read(extraInside)).toBe('added\n');
  } finally {
    await inside.close();
  }
});
