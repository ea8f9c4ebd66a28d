/** The work of oz plan, apart from its options so that -h loads none of it. */

import {
  type BuildLine,
  checkIcicleOption,
  judgeLocal,
  placeholderAccess,
  planOptions,
  readAnswer,
  readSettings,
  thisHost,
} from './compose.ts';
import type { Io } from './io.ts';
import { type FindPlace, findPlace } from './places.ts';
import type { ShownPlan } from './render/plan-text.ts';

/** Decides what a build would be, and masks its secrets. */
export async function decide(
  line: BuildLine,
  tdlFile: string,
  io: Io,
  find: FindPlace = findPlace,
): Promise<ShownPlan> {
  checkIcicleOption(line);
  const settings = await readSettings(line, tdlFile, io, find);
  const { tdl, config, osinfo, place } = settings;
  const [{ plan }, { maskPlan }, { guestSpecOf }, { checkReachability }, { masker }] =
    await Promise.all([
      import('../plan/plan.ts'),
      import('../plan/mask.ts'),
      import('../plan/guest-spec.ts'),
      import('../tdl/localhost.ts'),
      import('../base/secrets.ts'),
    ]);
  const capabilities = place.capabilities();
  checkReachability(tdl, { localhostReachable: capabilities.hostAddress !== null });
  const options = planOptions(line, io);
  const decided = plan({
    tdl,
    config,
    osinfo,
    backend: { type: place.type, uri: place.uri, capabilities },
    options,
    host: thisHost(),
    now: new Date(),
    cwd: io.cwd,
    access: options.customize || options.icicle ? placeholderAccess(config) : undefined,
    answer: await readAnswer(line.auto, io),
  });
  const installer = await judgeLocal(decided, osinfo, io);
  if (installer?.warning) decided.warnings.push(installer.warning);
  return {
    ...maskPlan(decided),
    ...(installer?.holds ? { installer: { file: installer.file, holds: installer.holds } } : {}),
    uri: place.uri ?? null,
    domainXml: masker(decided.secrets)(place.describe(guestSpecOf(decided))),
  };
}
