/** On a bridge of the host's own nobody but the guest itself knows its address: it says it on its console. */
import { afterAll, beforeAll, it } from 'vitest';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { startStandinRig } from '../../compat/rigs/standin/rig.ts';
import { buildAndCheck } from './support/build-and-check.ts';
import { makeOwnBridge, type OwnBridge } from './support/own-bridge.ts';
import { type SystemLibvirt, startSystemLibvirt, systemUri } from './support/system-libvirt.ts';
import { tdlText } from './support/tdl.ts';
import { makeWorkspace, type Workspace } from './support/workspace.ts';

let libvirt: SystemLibvirt;
let bridge: OwnBridge;
let rig: Rig;
let workspace: Workspace;
beforeAll(async () => {
  libvirt = await startSystemLibvirt();
  bridge = await makeOwnBridge();
  rig = await startStandinRig({ bind: bridge.address });
  workspace = await makeWorkspace({
    libvirt: { uri: systemUri, image_type: 'qcow2', bridge_name: bridge.name },
  });
});
afterAll(async () => {
  await workspace?.remove();
  await rig?.close();
  await bridge?.remove();
  await libvirt?.stop();
});

it('builds where nobody but the guest knows its address', async () => {
  const kernelparam = `mirror/http/hostname=${new URL(rig.url).host}`;
  const tdl = tdlText({ name: 'own-bridge', install: { iso: rig.isoUrl }, kernelparam });
  await buildAndCheck(workspace, systemUri, 'own-bridge', tdl);
});
