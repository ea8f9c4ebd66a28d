/** What a build starts from: TDL, oz.cfg, osinfo and the place. */
import path from 'node:path';
import type { Osinfo } from '../../osinfo/types.ts';
import { homeOf } from '../base/home.ts';
import type { OzConfig } from '../config/types.ts';
import type { Tdl } from '../tdl/types.ts';
import type { Around } from './around.ts';
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
export async function readConfig({ config }: SettingsLine, around: Around): Promise<OzConfig> {
  const { loadConfig } = await import('../config/load.ts');
  return loadConfig({
    path:
      config?.startsWith('~') || config === undefined ? config : path.resolve(around.cwd, config),
    home: homeOf(around.env),
    isRoot: process.geteuid?.() === 0,
  });
}

/** Reads TDL and oz.cfg, finds the osinfo database and the place; touches nothing else. */
export async function readSettings(
  line: SettingsLine,
  tdlFile: string,
  around: Around,
  findPlace: FindPlace,
  signal?: AbortSignal,
): Promise<Settings> {
  const [{ readTdl }, { loadOsinfo }] = await Promise.all([
    import('../tdl/read.ts'),
    import('../../osinfo/index.ts'),
  ]);
  const config = await readConfig(line, around);
  const tdl = await readTdl(path.resolve(around.cwd, tdlFile), { signal });
  const place = await findPlace(line.backend ?? config.backend.type, config, around);
  return { tdl, config, osinfo: loadOsinfo({ env: around.env }), place };
}
