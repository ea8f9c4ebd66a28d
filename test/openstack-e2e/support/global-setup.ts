/** Brings the cloud up; one that ran before keeps running. */
import { startOpenStackRig } from '../../../compat/rigs/openstack/rig.ts';

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  const rig = await startOpenStackRig({ log: (line) => process.stderr.write(`${line}\n`) });
  return rig.found ? undefined : () => rig.stop();
}
