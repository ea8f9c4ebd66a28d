/** customize() and generateIcicle(), for programs. */
import path from 'node:path';
import { checkOutputs } from '../compose/outputs.ts';
import { readGuest, runExisting } from '../compose/run-existing.ts';
import type { ExistingResult } from '../engine/customise-existing.ts';
import type { Tdl } from '../tdl/types.ts';
import { checkOptions } from './check-options.ts';
import type { ExistingOptions, IcicleOptions } from './options.ts';
import { aroundOf, decisionsOf, runningOf, settingsOf } from './settings.ts';

async function work(
  tdl: Tdl,
  xmlFile: string,
  options: ExistingOptions,
  what: { customize: boolean; icicle: boolean | string },
): Promise<ExistingResult> {
  checkOptions(options);
  const running = runningOf(options);
  running.signal.throwIfAborted();
  const decisions = decisionsOf({ cwd: options.cwd, ...what });
  await checkOutputs([decisions.icicleFile]);
  const file = path.resolve(aroundOf(options).cwd, xmlFile);
  const named = await readGuest(file, xmlFile, tdl, options.mac);
  const settings = await settingsOf(tdl, options);
  const { onError } = options;
  return runExisting(settings, { ...running, named, options: decisions, onError });
}

/**
 * Customises an image that was built before, named by its domain XML. The image
 * stays as it was unless all has succeeded. The result's `published` is the new
 * entry of an image in a cloud. Throws OzError.
 */
export async function customize(
  tdl: Tdl,
  xmlFile: string,
  options: ExistingOptions = {},
): Promise<Pick<ExistingResult, 'published'>> {
  const { published } = await work(tdl, xmlFile, options, { customize: true, icicle: false });
  return { published };
}

/** The ICICLE document of an image that was built before; the image stays as it is. Throws OzError. */
export async function generateIcicle(
  tdl: Tdl,
  xmlFile: string,
  options: IcicleOptions = {},
): Promise<string> {
  const { file, ...rest } = options;
  const { icicleText } = await work(tdl, xmlFile, rest, {
    customize: false,
    icicle: file ?? true,
  });
  if (icicleText === undefined) throw new Error('an ICICLE was asked for and is not there');
  return icicleText;
}
