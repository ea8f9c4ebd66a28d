/** Plans work in a finished guest: oz-customize and oz-generate-icicle. Pure, like plan(). */
import path from 'node:path';
import { customiseSteps } from './customise-steps.ts';
import type { ExistingGuest } from './existing-guest.ts';
import { familyOf } from './families/index.ts';
import type { PlanInput } from './input.ts';
import { timeStamp } from './names.ts';
import { findOs, plannedIcicle, plannedTimeouts, secretsOf } from './planned-work.ts';
import type { WorkPlan } from './types.ts';

export type ExistingInput = Omit<PlanInput, 'answer' | 'cwd' | 'host'> & {
  guest: ExistingGuest;
};

/** Throws OzError as plan() does. */
export function planExisting(input: ExistingInput): WorkPlan {
  const { tdl, config, options, backend, guest, access, now } = input;
  const { os } = findOs(input);
  const family = familyOf(os);
  const steps = customiseSteps(tdl, backend.capabilities);
  const customise = options.customize && steps.length > 0;
  return {
    name: guest.name,
    description: tdl.description,
    os: { name: os.name },
    hardware: guest.hardware,
    guest: { name: guest.name, user: 'root' },
    disk: { ...guest.disk, size: 0 },
    customise: customise ? { packageManager: family.packageManager, steps } : null,
    icicle: plannedIcicle(input, family, customise),
    access:
      access && (customise || options.icicle)
        ? {
            username: 'root',
            ...access,
            via: 'offline',
            emulate: backend.capabilities.accelerated === false,
          }
        : null,
    seal: family.seal,
    timeouts: plannedTimeouts(input),
    evidenceDir: path.join(config.paths.screenshotDir, `${guest.name}-${timeStamp(now)}`),
    warnings: config.warnings,
    secrets: secretsOf(tdl),
  };
}
