/**
 * Ozma as a library.
 *
 *     import { build, readTdl } from 'ozma';
 *
 *     const tdl = await readTdl('debian-13.tdl');
 *     const { image, domainXml } = await build(tdl, {
 *       customize: true,
 *       onEvent: (event) => console.log(event.type),
 *     });
 */
import { homeOf } from './base/home.ts';
import { type LoadConfigOptions, loadConfig as load, parseConfig as parse } from './config/load.ts';
import type { OzConfig } from './config/types.ts';
import { type ParseTdlOptions, parseTdl as parseNamed } from './tdl/parse.ts';
import type { Tdl } from './tdl/types.ts';

export type { BootStrategy, Published } from '../backends/backend.ts';
export { OzError } from './base/errors.ts';
export type { OzConfig } from './config/types.ts';
export type { ExistingResult } from './engine/customise-existing.ts';
export type { BuildEvent, BuildResult, Phase, WorkResult } from './engine/events.ts';
export { build, plan } from './library/build.ts';
export { customize, generateIcicle } from './library/existing.ts';
export type {
  BuildOptions,
  CommonOptions,
  ExistingOptions,
  IcicleOptions,
  PlanOptions,
  WorkingOptions,
} from './library/options.ts';
export { maskPlan } from './plan/mask.ts';
export type { BuildPlan } from './plan/types.ts';
export { dumpTdl } from './tdl/dump.ts';
export { mergePackages, mergeRepositories } from './tdl/merge.ts';
export { readTdl } from './tdl/read.ts';
export type { Tdl } from './tdl/types.ts';

/**
 * Reads and checks a TDL from a text. `source` is its name for messages, and
 * where relative XIncludes start. Throws OzError `OZ_TDL_…` with line and element.
 */
export function parseTdl(text: string, options: Partial<ParseTdlOptions> = {}): Promise<Tdl> {
  return parseNamed(text, { source: 'the TDL', ...options });
}

const surroundings = () => ({ home: homeOf(process.env), isRoot: process.geteuid?.() === 0 });

/** The configuration from a file, or from where Oz looks for it. Throws OzError `OZ_CONFIG_…`. */
export function loadConfig(options: Partial<LoadConfigOptions> = {}): OzConfig {
  return load({ ...surroundings(), ...options });
}

/** The configuration from the text of an oz.cfg; '' gives the defaults. Throws OzError `OZ_CONFIG_…`. */
export function parseConfig(text: string, source = 'oz.cfg'): OzConfig {
  return parse(text, source, surroundings());
}
