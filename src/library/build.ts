/** plan() and build(), for programs. */
import { decideBuild } from '../compose/decide-build.ts';
import { placeholderAccess, readAnswer } from '../compose/inputs.ts';
import { runBuild } from '../compose/run-build.ts';
import type { BuildResult } from '../engine/events.ts';
import type { BuildPlan } from '../plan/types.ts';
import type { Tdl } from '../tdl/types.ts';
import { checkOptions } from './check-options.ts';
import type { BuildOptions, PlanOptions } from './options.ts';
import { aroundOf, decisionsOf, runningOf, settingsOf } from './settings.ts';

/**
 * Decides everything about a build and touches nothing; a cloud is asked what it
 * offers. The plan holds secrets: show it through maskPlan(). Throws OzError
 * (`OZ_PLAN_…`, `OZ_OPTION_…`, `OZ_CONFIG_…`) when the TDL cannot be built.
 */
export async function plan(tdl: Tdl, options: PlanOptions = {}): Promise<BuildPlan> {
  checkOptions(options);
  const around = aroundOf(options);
  const { signal } = options;
  signal?.throwIfAborted();
  const settings = await settingsOf(tdl, options);
  const { place, config } = settings;
  try {
    const choices = {
      capabilities: await place.capabilities({ arch: tdl.arch, signal }),
      options: decisionsOf(options),
      access: () => placeholderAccess(config),
      answer: await readAnswer(options.answerFile, around),
    };
    return await decideBuild(settings, choices, around);
  } finally {
    await place.close?.();
  }
}

/**
 * Installs the system, customises it and lists its packages as the options say.
 * Throws OzError; by then nothing is left but the evidence (`error.evidence`),
 * unless `onError` is `keep`.
 */
export async function build(tdl: Tdl, options: BuildOptions = {}): Promise<BuildResult> {
  checkOptions(options);
  const around = aroundOf(options);
  const running = runningOf(options);
  running.signal.throwIfAborted();
  const decisions = decisionsOf(options);
  const answer = await readAnswer(options.answerFile, around);
  const settings = await settingsOf(tdl, options);
  const { onError } = options;
  return runBuild(settings, { ...running, options: decisions, answer, onError }, around);
}
