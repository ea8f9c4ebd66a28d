/** The work of oz plan, apart from its options so that -h loads none of it. */

import { decideBuild } from '../compose/decide-build.ts';
import { placeholderAccess, readAnswer } from '../compose/inputs.ts';
import { judgeLocal } from '../compose/medium.ts';
import { type FindPlace, findPlace } from '../compose/places.ts';
import { readSettings } from '../compose/settings.ts';
import { type BuildLine, checkIcicleOption, planOptions } from './build-line.ts';
import type { Io } from './io.ts';
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
  const [{ maskPlan }, { guestSpecOf }, { masker }] = await Promise.all([
    import('../plan/mask.ts'),
    import('../plan/guest-spec.ts'),
    import('../base/secrets.ts'),
  ]);
  try {
    const capabilities = await place.capabilities({ arch: tdl.arch });
    const choices = {
      capabilities,
      options: planOptions(line, io),
      access: () => placeholderAccess(config),
      answer: await readAnswer(line.auto, io),
    };
    const decided = await decideBuild(settings, choices, io);
    const installer = await judgeLocal(decided, osinfo, io);
    if (installer?.warning) decided.warnings.push(installer.warning);
    const guest = await place.describe(guestSpecOf(decided));
    const text = masker(decided.secrets)(guest.text);
    return {
      ...maskPlan(decided),
      ...(installer?.holds ? { installer: { file: installer.file, holds: installer.holds } } : {}),
      uri: place.uri ?? null,
      ...(guest.kind === 'domain' ? { domainXml: text } : { server: text }),
      ...(guest.chosen ? { chosen: Object.fromEntries(guest.chosen) } : {}),
    };
  } finally {
    await place.close?.();
  }
}
