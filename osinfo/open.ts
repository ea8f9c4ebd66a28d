/** Where the database is, and the order in which its directories override each other. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { installHint } from '../src/base/debian-packages.ts';
import { OzError } from '../src/base/errors.ts';
import { packageFile } from '../src/base/package-root.ts';
import { type Database, openDatabase } from './database/database.ts';
import { defaultDirectories } from './database/directories.ts';
import type { EntityKind } from './database/files.ts';
import { languages } from './database/languages.ts';

export interface OsinfoOptions {
  /** The distribution's database; OSINFO_SYSTEM_DIR or /usr/share/osinfo unless told. */
  systemDir?: string | undefined;
  /** The administrator's; OSINFO_LOCAL_DIR or /etc/osinfo unless told. */
  localDir?: string | undefined;
  /** The user's; OSINFO_USER_DIR or ~/.config/osinfo unless told. */
  userDir?: string | undefined;
  /** process.env unless told. */
  env?: Record<string, string | undefined> | undefined;
  /** Whether our own data fills what the system's database lacks; true unless told. */
  ownData?: boolean | undefined;
  /**
   * Throws where no database is installed, although our own data are there: without the
   * distribution's, most systems would only seem to be unknown. False unless told.
   */
  needsInstalled?: boolean | undefined;
  /** Called once for each broken file and unknown reference. */
  onWarning?: ((message: string) => void) | undefined;
}

/**
 * Opens the database without reading any of it. Directories go from the weak
 * to the strong: our own data (of which an entry that is replaced still fills
 * what the other one lacks), the system's, what we add to the system's
 * entities, local, the user's. Our install scripts go before the system's of
 * the same name, since those end in a reboot.
 */
export function openOsinfo(options: OsinfoOptions = {}): Database {
  const env = options.env ?? process.env;
  const defaults = defaultDirectories(env);
  const system = options.systemDir ?? defaults.system;
  const users = [options.localDir ?? defaults.local, options.userDir ?? defaults.user];
  const data = options.ownData === false ? undefined : packageFile('osinfo', 'data');
  const own = data === undefined ? [] : [data];
  const additions = data === undefined ? [] : [path.join(data, 'additions')];
  const entities = [...own, system, ...additions, ...users];
  const scripts = [system, ...own, ...users];
  const locations = (kind: EntityKind): readonly string[] =>
    kind === 'install-script' ? scripts : entities;
  const installed = [system, ...users].map((location) => path.join(location, 'os'));
  if (!(options.needsInstalled ? installed : entities).some((location) => existsSync(location))) {
    throw new OzError(
      'OZ_OSINFO_MISSING',
      `Cannot read the osinfo database: there is no ${system}`,
      {
        hint: `${installHint('osinfo-db')}, or set OSINFO_SYSTEM_DIR`,
      },
    );
  }
  return openDatabase({
    locations,
    fill: data,
    languages: languages(env),
    warn: options.onWarning ?? (() => {}),
  });
}
