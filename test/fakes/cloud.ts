/** A cloud that can do everything, for plans; parts may be replaced. */
import type { Capabilities } from '../../backends/backend.ts';
import type { PlanInput } from '../../src/plan/input.ts';
import { testCapabilities } from './inputs.ts';

export function testCloud(change: Partial<Capabilities> = {}): PlanInput['backend'] {
  return {
    type: 'openstack',
    capabilities: {
      ...testCapabilities,
      maxMedia: 3,
      strategies: [
        { name: 'direct', possible: true, reason: 'images may name a kernel' },
        { name: 'volumes', possible: true, reason: 'there is Cinder' },
        { name: 'rescue', possible: true, reason: 'Nova has stable rescue' },
      ],
      userData: {
        maxBytes: 49_000,
        configDrive: true,
        url: 'http://169.254.169.254/openstack/latest/user_data',
      },
      ...change,
    },
  };
}
