/** The stand-in installer through qemu:///system, from an ISO, on the NAT network. */
import { afterAll, beforeAll, it } from 'vitest';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { startStandinRig } from '../../compat/rigs/standin/rig.ts';
import { buildAndCheck } from './support/build-and-check.ts';
import { type SystemLibvirt, startSystemLibvirt, systemUri } from './support/system-libvirt.ts';
import { tdlText } from './support/tdl.ts';
import { makeWorkspace, type Workspace } from './support/workspace.ts';

let libvirt: SystemLibvirt;
let rig: Rig;
let workspace: Workspace;
beforeAll(async () => {
  libvirt = await startSystemLibvirt();
  rig = await startStandinRig({ bind: libvirt.address, log: (line) => console.log(line) });
  workspace = await makeWorkspace({ libvirt: { uri: systemUri, image_type: 'qcow2' } });
});
afterAll(async () => {
  await workspace?.remove();
  await rig?.close();
  await libvirt?.stop();
});

it('builds on the NAT network from an untouched ISO', async () => {
  const install = { iso: rig.isoUrl, sha256sum: new URL('SHA256SUMS', rig.isoUrl).href };
  const kernelparam = `mirror/http/hostname=${new URL(rig.url).host}`;
  const tdl = tdlText({ name: 'nat-iso', install, kernelparam });
  await buildAndCheck(workspace, systemUri, 'nat-iso', tdl);
});
