/** oz os script: answer files for unattended installs, and what can be set in them. */

import path from 'node:path';
import type { Database } from '../../../osinfo/database/database.ts';
import type { OsRecord } from '../../../osinfo/database/os-record.ts';
import { findOs } from '../../../osinfo/query/show.ts';
import {
  type GeneratedFile,
  generateScripts,
  listConfig,
  listProfiles,
} from '../../../osinfo/script/scripts.ts';
import { OzError } from '../../base/errors.ts';
import { makeDirectory } from '../../base/make-directory.ts';
import { suggest } from '../../base/suggest.ts';
import { whyOf } from '../../base/system-errors.ts';
import type { Io } from '../io.ts';
import type { OptionValues } from '../option-table.ts';
import { ozOsScript } from '../options-os.ts';
import { printable } from '../render/format.ts';
import { runCommand } from '../run-command.ts';
import { osDatabase, writeJson } from './database.ts';
import { completeConfig, readConfigFile } from './script-config.ts';

type Line = OptionValues<typeof ozOsScript.options>;

const profileOf = ({ profile }: Line): string => profile ?? 'jeos';

/** What is listed instead of a file being made: its data, and its lines. */
function lists(database: Database, os: OsRecord, line: Line) {
  const profiles = () => listProfiles(database, os);
  return [
    {
      wanted: line.listConfig,
      rows: () => listConfig(database, os, profileOf(line)),
      lines: () =>
        listConfig(database, os, profileOf(line)).map(({ name, policy }) => `${name}: ${policy}`),
    },
    {
      wanted: line.listProfiles,
      rows: profiles,
      lines: () => profiles().map((row) => `${row.profile}: ${row.expectedFilename}`),
    },
    {
      wanted: line.listInjectionMethods,
      rows: profiles,
      lines: () => profiles().map((row) => `${row.profile}: ${row.injectionMethods.join(' ')}`),
    },
  ].find(({ wanted }) => wanted);
}

/** A parameter that nothing asks for changes nothing: most likely it is misspelt. */
function warnOfUnknown(given: Line['config'], parameters: readonly string[], io: Io): void {
  for (const [name] of given ?? []) {
    if (parameters.includes(name)) continue;
    const nearest = suggest(name, parameters);
    const guess = nearest === undefined ? '' : `; did you mean ${nearest}?`;
    io.stderr.write(`Warning: the answer file has no parameter ${printable(name)}${guess}\n`);
  }
}

async function generated(
  database: Database,
  os: OsRecord,
  line: Line,
  io: Io,
): Promise<GeneratedFile[]> {
  const profile = profileOf(line);
  const given = {
    ...(await readConfigFile(line.configFile, io)),
    ...Object.fromEntries(line.config ?? []),
  };
  const parameters = listConfig(database, os, profile);
  warnOfUnknown(
    line.config,
    parameters.map(({ name }) => name),
    io,
  );
  const config = completeConfig(given, parameters, (name, password) => {
    io.stderr.write(`${name} was not given; made up: ${password}\n`);
  });
  return generateScripts(database, os, {
    profile,
    config,
    installationSource: line.source === undefined || line.source === 'media' ? 'media' : 'network',
    prefix: line.prefix,
  });
}

/** What one has to know to use a file. */
function about({ filename, injectionMethods, needsInternet, commandLine }: GeneratedFile): string {
  return [
    `${filename}: reaches the installer by ${injectionMethods.join(', ') || 'disk'}`,
    ...(needsInternet ? ['needs the internet'] : []),
    ...(commandLine ? [`kernel arguments ${commandLine}`] : []),
  ].join('; ');
}

async function writeInto(directory: string, files: readonly GeneratedFile[]): Promise<string[]> {
  const { writeFileAtomic } = await import('../../base/atomic-file.ts');
  const written: string[] = [];
  for (const { filename, text } of files) {
    // a name from the database never leads out of the directory
    const target = path.join(directory, path.basename(filename));
    try {
      await makeDirectory(directory);
      await writeFileAtomic(target, text, 0o600);
    } catch (error) {
      throw new OzError('OZ_OUTPUT', `Cannot write ${target}: ${whyOf(error)}`, {
        hint: 'name another directory, or see who may write there',
        cause: error,
      });
    }
    written.push(target);
  }
  return written;
}

/** Several files in one stream are told apart as head(1) does. */
function together(files: readonly GeneratedFile[]): string {
  if (files.length === 1) return files[0]?.text ?? '';
  return files.map(({ filename, text }) => `==> ${filename} <==\n${text}`).join('\n');
}

export async function main(argv: readonly string[], io: Io): Promise<number> {
  return runCommand(ozOsScript, argv, io, async ({ options: line, operands: [id = ''] }) => {
    const database = osDatabase(io);
    const os = findOs(database, id);
    const list = lists(database, os, line);
    if (list) {
      if (line.json) writeJson(io, list.rows());
      else
        io.stdout.write(
          list
            .lines()
            .map((text) => `${text}\n`)
            .join(''),
        );
      return 0;
    }
    const files = await generated(database, os, line, io);
    const directory = line.outputDir && path.resolve(io.cwd, line.outputDir);
    const written = directory ? await writeInto(directory, files) : [];
    if (line.json) {
      writeJson(
        io,
        files.map((file, i) => ({ ...file, ...(written[i] ? { path: written[i] } : {}) })),
      );
      return 0;
    }
    for (const file of files) io.stderr.write(`${about(file)}\n`);
    io.stdout.write(directory ? written.map((name) => `${name}\n`).join('') : together(files));
    return 0;
  });
}
