/** What a build starts from: TDL, oz.cfg, osinfo and the place. */
import path from 'node:path';
import type { Osinfo } from '../../osinfo/types.ts';
import type { OzError } from '../base/errors.ts';
import { homeOf } from '../base/home.ts';
import type { OzConfig } from '../config/types.ts';
import type { Tdl } from '../tdl/types.ts';
import { type Around, stdinName } from './around.ts';
import type { FindPlace, Place } from './places.ts';

export interface Settings {
  tdl: Tdl;
  config: OzConfig;
  osinfo: Osinfo;
  place: Place;
}

interface SettingsLine {
  config: string | undefined;
  backend?: OzConfig['backend']['type'] | undefined;
}

/** oz.cfg, from `-c` or from where Oz looks for it. */
export async function readConfig(
  { config }: SettingsLine,
  around: Around,
  onProblem?: (error: OzError) => void,
): Promise<OzConfig> {
  const { loadConfig } = await import('../config/load.ts');
  return loadConfig({
    onProblem,
    path:
      config?.startsWith('~') || config === undefined ? config : path.resolve(around.cwd, config),
    home: homeOf(around.env),
    isRoot: process.geteuid?.() === 0,
  });
}

/** A TDL from a file, or for `-` from standard input. */
export async function readTemplate(
  name: string,
  { cwd, stdin }: Around,
  signal?: AbortSignal,
): Promise<Tdl> {
  const { readTdl, readTdlFrom } = await import('../tdl/read.ts');
  return name === stdinName && stdin
    ? readTdlFrom(stdin, { source: 'standard input', signal })
    : readTdl(path.resolve(cwd, name), { signal });
}

/** Reads TDL and oz.cfg, finds the osinfo database and the place; touches nothing else. */
export async function readSettings(
  line: SettingsLine,
  tdlFile: string,
  around: Around,
  findPlace: FindPlace,
  signal?: AbortSignal,
): Promise<Settings> {
  const { loadOsinfo } = await import('../../osinfo/index.ts');
  const config = await readConfig(line, around);
  const tdl = await readTemplate(tdlFile, around, signal);
  const osinfo = loadOsinfo({ env: around.env, needsInstalled: true });
  const place = await findPlace(line.backend ?? config.backend.type, config, around);
  return { tdl, config, osinfo, place };
}
