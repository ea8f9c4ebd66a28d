/** What a build starts from: TDL, oz.cfg, osinfo and the place. */
import os from 'node:os';
import path from 'node:path';
import type { Osinfo } from '../../osinfo/types.ts';
import { OzError } from '../base/errors.ts';
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

/** Users of containers need not be in the system's list of them. */
function homeOf({ env }: Around): string {
  if (env.HOME) return env.HOME;
  try {
    return os.homedir();
  } catch (error) {
    throw new OzError('OZ_HOME', 'Cannot find the home directory of this user', {
      hint: 'set HOME, or name the configuration with -c',
      cause: error,
    });
  }
}

/** oz.cfg, from `-c` or from where Oz looks for it. */
export async function readConfig({ config }: SettingsLine, around: Around): Promise<OzConfig> {
  const { loadConfig } = await import('../config/load.ts');
  return loadConfig({
    path:
      config?.startsWith('~') || config === undefined ? config : path.resolve(around.cwd, config),
    home: homeOf(around),
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
