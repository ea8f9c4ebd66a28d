/** The work of oz-install, apart from its options so that -h loads none of it. */
import path from 'node:path';
import { readAnswer } from '../compose/inputs.ts';
import { type FindPlace, findPlace } from '../compose/places.ts';
import { runBuild } from '../compose/run-build.ts';
import { readSettings } from '../compose/settings.ts';
import type { BuildResult } from '../engine/events.ts';
import { checkIcicleOption, planOptions } from './build-line.ts';
import type { Io } from './io.ts';
import type { OptionValues } from './option-table.ts';
import type { ozInstall } from './options.ts';
import { publishedLine } from './render/results.ts';
import { showWarnings } from './render/warnings.ts';
import { withEvents } from './with-events.ts';

export type InstallLine = OptionValues<typeof ozInstall.options>;

/** The lines that scripts written for Oz look for. */
function showResult(result: BuildResult, line: InstallLine, io: Io): void {
  if (result.icicleText !== undefined) {
    io.stdout.write(
      line.icicle === undefined
        ? `${result.icicleText.trimEnd()}\n`
        : `ICICLE XML was written to ${line.icicle}\n`,
    );
  }
  if (result.published) io.stdout.write(publishedLine(result.published));
  io.stdout.write(
    `Libvirt XML was written to ${line.xmlfile ?? path.basename(result.domainXml)}\n`,
  );
}

async function install(
  line: InstallLine,
  tdlFile: string,
  io: Io,
  find: FindPlace,
): Promise<BuildResult> {
  checkIcicleOption(line);
  const rendering = {
    json: line.json,
    progress: line.progress ?? 'auto',
    level: line.debug ?? 0,
  } as const;
  return withEvents(io, rendering, async (stream, signal) => {
    const settings = await readSettings(line, tdlFile, io, find, signal);
    const options = planOptions(line, io);
    const answer = await readAnswer(line.auto, io);
    const request = {
      ...{ options, answer, stream, signal, onError: line.onError },
      onWarnings: (warnings: readonly string[]) => showWarnings(warnings, rendering, io),
    };
    return runBuild(settings, request, io);
  });
}

/** Builds the image and tells where the results are. Returns the exit code. */
export async function runInstall(
  line: InstallLine,
  tdlFile: string,
  io: Io,
  find: FindPlace = findPlace,
): Promise<number> {
  const result = await install(line, tdlFile, io, find);
  if (!line.json) showResult(result, line, io);
  return 0;
}
