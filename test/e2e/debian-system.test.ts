/** Debian's real installer through qemu:///system, from an ISO, on the NAT network. */
import { afterAll, beforeAll, it } from 'vitest';
import { startDebianRig } from '../../compat/rigs/debian/rig.ts';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { buildAndCheck, unsignedUdebs } from './support/build-and-check.ts';
import { type SystemLibvirt, startSystemLibvirt, systemUri } from './support/system-libvirt.ts';
import { tdlText } from './support/tdl.ts';
import { makeWorkspace, type Workspace } from './support/workspace.ts';

let libvirt: SystemLibvirt;
let rig: Rig;
let workspace: Workspace;
beforeAll(async () => {
  libvirt = await startSystemLibvirt();
  rig = await startDebianRig({ bind: libvirt.address });
  workspace = await makeWorkspace({ libvirt: { uri: systemUri, image_type: 'qcow2' } });
});
afterAll(async () => {
  await workspace?.remove();
  await rig?.close();
  await libvirt?.stop();
});

it('builds Debian 13 from an untouched ISO with a checksum', async () => {
  const install = { iso: rig.isoUrl, sha256sum: new URL('SHA256SUMS', rig.isoUrl).href };
  // The ISO has no packages: they come from the rig, not from where it says.
  const kernelparam = [
    unsignedUdebs,
    `mirror/http/hostname=${new URL(rig.url).host}`,
    'apt-setup/services-select=none',
  ].join(' ');
  const tdl = tdlText({ name: 'debian-iso', install, kernelparam, diskGiB: 6 });
  await buildAndCheck(workspace, systemUri, 'debian-iso', tdl);
});
