/** On a bridge of the host's own nobody but the guest itself knows its address: it says it on its console. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { startStandinRig } from '../../compat/rigs/standin/rig.ts';
import { buildAndCheck } from './support/build-and-check.ts';
import { lookInside } from './support/inside-image.ts';
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
  rig = await startStandinRig({ bind: bridge.address, sysvinit: true });
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

it.each([
  ['systemd', ''],
  ['sysvinit', ' standin.sysvinit'],
])('builds where nobody but the guest knows its address: %s', async (init, parameter) => {
  const kernelparam = `mirror/http/hostname=${new URL(rig.url).host}${parameter}`;
  const tdl = tdlText({ name: init, install: { iso: rig.isoUrl }, kernelparam });
  await buildAndCheck(workspace, systemUri, init, tdl);
  const inside = await lookInside(workspace.at('images', `${init}.qcow2`));
  try {
    const tells = await inside.read('/etc/init.d/rcS');
    expect(tells === null ? 'systemd' : 'sysvinit').toBe(init);
    for (const left of ['/etc/build-announce.sh', '/etc/cron.d/build-announce']) {
      expect(await inside.read(left)).toBeNull();
    }
  } finally {
    await inside.close();
  }
});
