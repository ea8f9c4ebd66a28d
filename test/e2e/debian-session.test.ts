/** Debian's real installer through qemu:///session, from a URL. */
import { afterAll, beforeAll, it } from 'vitest';
import { startDebianRig } from '../../compat/rigs/debian/rig.ts';
import type { Rig } from '../../compat/rigs/lib/serve.ts';
import { buildAndCheck, unsignedUdebs } from './support/build-and-check.ts';
import { tdlText } from './support/tdl.ts';
import { makeWorkspace, type Workspace } from './support/workspace.ts';

const uri = 'qemu:///session';
let rig: Rig;
let workspace: Workspace;
beforeAll(async () => {
  rig = await startDebianRig();
  workspace = await makeWorkspace({ libvirt: { uri, image_type: 'qcow2' } });
});
afterAll(async () => {
  await rig.close();
  await workspace.remove();
});

it('builds Debian 13 from a URL', async () => {
  const install = { url: `${rig.url}/dists/trixie/` };
  const tdl = tdlText({ name: 'debian-url', install, kernelparam: unsignedUdebs, diskGiB: 6 });
  await buildAndCheck(workspace, uri, 'debian-url', tdl);
});
