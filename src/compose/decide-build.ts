/** What oz plan and oz-install ask of plan(), so that the one shows what the other does. */
import type { Capabilities } from '../../backends/backend.ts';
import type { PlanInput } from '../plan/input.ts';
import type { BuildPlan } from '../plan/types.ts';
import type { Around } from './around.ts';
import { thisHost } from './inputs.ts';
import {
  evidenceWarnings,
  refuseDirectory,
  refuseImpossible,
  refuseImpossibleData,
} from './outputs.ts';
import type { Settings } from './settings.ts';

/** What differs between showing a build and doing it. */
export interface BuildChoices extends Pick<PlanInput, 'options' | 'answer'> {
  capabilities: Capabilities;
  /** The image is to be written now. */
  writes?: boolean | undefined;
  /** Asked for only where the build has to log in. */
  access(): NonNullable<PlanInput['access']> | Promise<NonNullable<PlanInput['access']>>;
}

export async function decideBuild(
  { tdl, config, osinfo, place }: Settings,
  choices: BuildChoices,
  io: Around,
): Promise<BuildPlan> {
  const { capabilities, options, access, answer } = choices;
  const [{ plan }, { refuseLongNames }, { checkReachability }] = await Promise.all([
    import('../plan/plan.ts'),
    import('../engine/result-names.ts'),
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
  refuseLongNames(decided);
  await refuseImpossibleData(config.paths.dataDir);
  const refused = await refuseImpossible(decided.outputs.image);
  if (refused && choices.writes) throw refused;
  if (refused) decided.warnings.push(refused.message);
  decided.warnings.push(...(await evidenceWarnings(decided.evidenceDir)));
  await refuseDirectory(decided.outputs.domainXml);
  if (decided.icicle?.file) await refuseDirectory(decided.icicle.file);
  return decided;
}
