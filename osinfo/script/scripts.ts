/** What osinfo-install-script does: lists of scripts, and the files they make. */
import { OzError } from '../../src/base/errors.ts';
import type { Database } from '../database/database.ts';
import { type Entity, param } from '../database/entity.ts';
import type { OsRecord } from '../database/os-record.ts';
import type { ScriptParameter, ScriptRecord } from '../database/script-record.ts';
import { scriptCommandLine, scriptsOf, scriptText } from './generate.ts';

export interface GenerateOptions {
  profile: string;
  config: Readonly<Record<string, string>>;
  installationSource?: 'media' | 'network' | undefined;
  media?: Entity | undefined;
  tree?: Entity | undefined;
  /** How it will reach the installer, for its kernel arguments. */
  injectionMethod?: string | undefined;
  /** Goes before the file's name, with a `-`. */
  prefix?: string | undefined;
}

export interface GeneratedFile {
  scriptId: string;
  /** The name that the installer looks for. */
  expectedFilename: string;
  /** With the prefix. */
  filename: string;
  injectionMethods: string[];
  needsInternet: boolean;
  /** Kernel arguments that the script asks for. */
  commandLine?: string;
  text: string;
}

/** libosinfo takes `disk` for a script that says nothing. */
function injectionMethodsOf(script: ScriptRecord): string[] {
  return script.injectionMethods;
}

const expectedFilename = (script: ScriptRecord): string =>
  param(script.params, 'expected-filename') ?? '';

function profileScripts(database: Database, os: OsRecord, profile: string): ScriptRecord[] {
  const scripts = scriptsOf(database, os, profile);
  if (scripts.length) return scripts;
  const name = param(os.params, 'name') ?? os.id;
  throw new OzError(
    'OZ_OSINFO_NO_SCRIPT',
    `Cannot make an answer file for ${name}: there is no ${profile} install script for it`,
    { hint: 'see oz os script --list-profiles for those there are' },
  );
}

/** Every file of a profile, in the order the system names them. */
export function generateScripts(
  database: Database,
  os: OsRecord,
  options: GenerateOptions,
): GeneratedFile[] {
  return profileScripts(database, os, options.profile).map((script) => {
    const input = {
      os,
      media: options.media,
      tree: options.tree,
      config: options.config,
      installationSource: options.installationSource ?? 'media',
      injectionMethod: options.injectionMethod,
    };
    const name = expectedFilename(script);
    const commandLine = scriptCommandLine(database, script, input);
    return {
      scriptId: script.id,
      expectedFilename: name,
      filename: options.prefix === undefined ? name : `${options.prefix}-${name}`,
      injectionMethods: injectionMethodsOf(script),
      needsInternet: param(script.params, 'needs-internet') === 'true',
      ...(commandLine === undefined ? {} : { commandLine }),
      text: scriptText(database, script, input),
    };
  });
}

/** The parameters of a profile's scripts, one script after the other. */
export const listConfig = (database: Database, os: OsRecord, profile: string): ScriptParameter[] =>
  profileScripts(database, os, profile).flatMap((script) => script.parameters);

export interface ProfileRow {
  profile: string;
  expectedFilename: string;
  injectionMethods: string[];
}

/** A row for each script of a system. */
export const listProfiles = (database: Database, os: OsRecord): ProfileRow[] =>
  scriptsOf(database, os).map((script) => ({
    profile: param(script.params, 'profile') ?? '',
    expectedFilename: expectedFilename(script),
    injectionMethods: injectionMethodsOf(script),
  }));
