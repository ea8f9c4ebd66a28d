/** The parameters of oz os script: out of a file, from the command line, and made up. */
import { randomInt } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ScriptParameter } from '../../../osinfo/database/script-record.ts';
import { checkConfig } from '../../../osinfo/script/parameters.ts';
import { codeOf, OzError } from '../../base/errors.ts';
import { inWords, limits } from '../../base/limits.ts';
import { readBounded } from '../../base/read-bounded.ts';
import { whyOf } from '../../base/system-errors.ts';
import type { Io } from '../io.ts';

function badFile(file: string, why: string, cause?: unknown): OzError {
  return new OzError('OZ_OSINFO_CONFIG_FILE', `Cannot read parameters from ${file}: ${why}`, {
    hint: 'give a file with a line [install-script], and lines such as hostname=web below it',
    cause,
  });
}

/** The lines of name=value below [install-script]; comments begin with #. */
export function parseConfigFile(text: string, file: string): Record<string, string> {
  const found: Record<string, string> = {};
  let group: string | undefined;
  for (const [i, whole] of text.split(/\r?\n/).entries()) {
    const line = whole.trim();
    if (line === '' || line.startsWith('#')) continue;
    const heading = /^\[([^[\]]+)\]$/.exec(line)?.[1];
    const equals = line.indexOf('=');
    if (heading !== undefined) group = heading;
    else if (group === undefined || equals < 1)
      throw badFile(file, `line ${i + 1} is neither [a heading] nor name=value below one`);
    else if (group === 'install-script')
      found[line.slice(0, equals).trimEnd()] = line.slice(equals + 1).trimStart();
  }
  return found;
}

export async function readConfigFile(
  given: string | undefined,
  io: Io,
): Promise<Record<string, string>> {
  if (given === undefined) return {};
  const file = given.startsWith('file://') ? fileURLToPath(given) : path.resolve(io.cwd, given);
  let text: Buffer | undefined;
  try {
    text = await readBounded(file, limits.settings);
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'there is no such file' : whyOf(error);
    throw badFile(file, why, error);
  }
  if (!text) throw badFile(file, `it is larger than ${inWords(limits.settings)}`);
  return parseConfigFile(text.toString('utf8'), file);
}

/** No letters that look alike, nothing that a file format gives a meaning to. */
const letters = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

const newPassword = (): string =>
  Array.from({ length: 16 }, () => letters[randomInt(letters.length)]).join('');

/**
 * Checks the values and fills in passwords that are required and not given,
 * each of which `tell` is told. Throws OZ_OSINFO_BAD_PARAMETER.
 */
export function completeConfig(
  given: Readonly<Record<string, string>>,
  parameters: readonly ScriptParameter[],
  tell: (name: string, password: string) => void,
): Record<string, string> {
  checkConfig(given);
  const config: Record<string, string> = { ...given };
  for (const { name, policy } of parameters) {
    if (policy !== 'required' || config[name]) continue;
    if (!/^(admin|user)-password$/.test(name)) {
      throw new OzError(
        'OZ_OSINFO_BAD_PARAMETER',
        `Cannot make an answer file: ${name} is not given`,
        { hint: `give it with --config ${name}=…; --list-config lists all there are`, exitCode: 2 },
      );
    }
    const password = newPassword();
    config[name] = password;
    tell(name, password);
  }
  return config;
}
