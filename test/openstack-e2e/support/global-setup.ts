/** Brings the cloud up; one that ran before keeps running. */
import { holdLogDaemon } from '../../../backends/libvirt/root-daemon.ts';
import { startOpenStackRig } from '../../../compat/rigs/openstack/rig.ts';

export default async function setup(): Promise<() => Promise<void>> {
  const rig = await startOpenStackRig({ log: (line) => process.stderr.write(`${line}\n`) });
  // A log daemon that a build has started would end with it, and Nova's guests lose their consoles.
  const release = await holdLogDaemon();
  return async () => {
    release();
    if (!rig.found) await rig.stop();
  };
}
