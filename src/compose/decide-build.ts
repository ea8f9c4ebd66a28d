/** What oz plan and oz-install ask of plan(), so that the one shows what the other does. */
import type { Capabilities } from '../../backends/backend.ts';
import type { PlanInput } from '../plan/input.ts';
import type { BuildPlan } from '../plan/types.ts';
import type { Around } from './around.ts';
import { thisHost } from './inputs.ts';
import { refuseDirectory } from './outputs.ts';
import type { Settings } from './settings.ts';

/** What differs between showing a build and doing it. */
export interface BuildChoices extends Pick<PlanInput, 'options' | 'answer'> {
  capabilities: Capabilities;
  /** Asked for only where the build has to log in. */
  access(): NonNullable<PlanInput['access']> | Promise<NonNullable<PlanInput['access']>>;
}

export async function decideBuild(
  { tdl, config, osinfo, place }: Settings,
  { capabilities, options, access, answer }: BuildChoices,
  io: Around,
): Promise<BuildPlan> {
  const [{ plan }, { checkReachability }] = await Promise.all([
    import('../plan/plan.ts'),
    import('../tdl/localhost.ts'),
  ]);
  checkReachability(tdl, { localhostReachable: capabilities.hostAddress !== null });
  const decided = plan({
    tdl,
    config,
    osinfo,
    backend: { type: place.type, uri: place.uri, capabilities },
    options,
    host: thisHost(),
    now: new Date(),
    cwd: io.cwd,
    access: options.customize || options.icicle ? await access() : undefined,
    answer,
  });
  await refuseDirectory(decided.outputs.image);
  await refuseDirectory(decided.outputs.domainXml);
  if (decided.icicle?.file) await refuseDirectory(decided.icicle.file);
  return decided;
}
