/** Where the database's files are, as libosinfo looks for them. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { homeOf } from '../../src/base/home.ts';

export interface OsinfoDirectories {
  /** The database of the distribution, OSINFO_SYSTEM_DIR. */
  system: string;
  /** What the administrator adds, OSINFO_LOCAL_DIR. */
  local: string;
  /** What the user adds, OSINFO_USER_DIR. */
  user: string;
}

type Environment = Record<string, string | undefined>;

function isDirectory(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** The first of the names that is a directory, or else the first. */
function existing(name: string, deprecated: string): string {
  return !isDirectory(name) && isDirectory(deprecated) ? deprecated : name;
}

/** OSINFO_DATA_DIR, deprecated as it is, still goes before OSINFO_SYSTEM_DIR. */
export function defaultDirectories(env: Environment): OsinfoDirectories {
  const config = env.XDG_CONFIG_HOME || path.join(homeOf(env), '.config');
  return {
    system: env.OSINFO_DATA_DIR ?? env.OSINFO_SYSTEM_DIR ?? '/usr/share/osinfo',
    local: env.OSINFO_LOCAL_DIR ?? existing('/etc/osinfo', '/etc/libosinfo/db'),
    user:
      env.OSINFO_USER_DIR ??
      existing(path.join(config, 'osinfo'), path.join(config, 'libosinfo', 'db')),
  };
}
