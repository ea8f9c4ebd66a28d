/** What oz-customize and oz-generate-icicle share: work in an image that was built before. */
import path from 'node:path';
import { checkOutputs } from '../compose/outputs.ts';
import { type FindPlace, findPlace } from '../compose/places.ts';
import { readGuest, runExisting } from '../compose/run-existing.ts';
import { readSettings } from '../compose/settings.ts';
import type { OzConfig } from '../config/types.ts';
import type { ExistingResult } from '../engine/customise-existing.ts';
import type { PlanOptions } from '../plan/input.ts';
import type { Io } from './io.ts';
import type { RenderOptions } from './render/index.ts';
import { showWarnings } from './render/warnings.ts';
import { withEvents } from './with-events.ts';

export interface ExistingLine {
  config: string | undefined;
  backend: OzConfig['backend']['type'] | undefined;
  onError: 'cleanup' | 'keep' | undefined;
  mac?: string | undefined;
  customize: boolean;
  icicle: boolean;
  /** As the user wrote it; absent: not to a file. */
  icicleFile?: string | undefined;
  rendering: RenderOptions;
}

function optionsOf(line: ExistingLine, io: Io): PlanOptions {
  return {
    customize: line.customize,
    icicle: line.icicle,
    icicleFile: line.icicleFile === undefined ? undefined : path.resolve(io.cwd, line.icicleFile),
    forceDownload: false,
    cleanup: false,
  };
}

/** Returns what was made: the ICICLE document when one was asked for, the new image in a cloud. */
export async function workInExisting(
  line: ExistingLine,
  [tdlFile = '', xml = '']: readonly string[],
  io: Io,
  find: FindPlace = findPlace,
): Promise<ExistingResult> {
  return withEvents(io, line.rendering, async (stream, signal) => {
    const options = optionsOf(line, io);
    await checkOutputs([options.icicleFile]);
    const settings = await readSettings(line, tdlFile, io, find, signal);
    const named = await readGuest(path.resolve(io.cwd, xml), xml, settings.tdl, line.mac);
    const { onError } = line;
    const onWarnings = (warnings: readonly string[]) => showWarnings(warnings, line.rendering, io);
    return runExisting(settings, { named, options, onError, stream, signal, onWarnings });
  });
}
