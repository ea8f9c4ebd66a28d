/** oz plan: what oz-install would do with the same options, and nothing else. */

import {
  type BuildLine,
  checkIcicleOption,
  placeholderAccess,
  planOptions,
  readAnswer,
  readSettings,
  thisHost,
} from './compose.ts';
import type { Io } from './io.ts';
import { ozPlan } from './options.ts';
import { type FindPlace, findPlace } from './places.ts';
import type { ShownPlan } from './render/plan-text.ts';
import { runCommand } from './run-command.ts';

async function decide(
  line: BuildLine,
  tdlFile: string,
  io: Io,
  find: FindPlace,
): Promise<ShownPlan> {
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
  return {
    ...maskPlan(decided),
    uri: place.uri ?? null,
    domainXml: masker(decided.secrets)(place.describe(guestSpecOf(decided))),
  };
}

/** `find` is where tests put their own place. */
export async function main(
  argv: readonly string[],
  io: Io,
  find: FindPlace = findPlace,
): Promise<number> {
  return runCommand(ozPlan, argv, io, async ({ options, operands: [tdlFile = ''] }) => {
    checkIcicleOption(options);
    const shown = await decide(options, tdlFile, io, find);
    if (options.json) io.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
    else {
      const { planText } = await import('./render/plan-text.ts');
      io.stdout.write(planText(shown));
    }
    return 0;
  });
}
