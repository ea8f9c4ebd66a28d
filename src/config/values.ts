/** Texts of oz.cfg to values, each checked against what its key is declared as. */
import path from 'node:path';
import type { OzError } from '../base/errors.ts';
import { withoutCredentials } from '../base/secrets.ts';
import { suggest } from '../base/suggest.ts';
import { expandUser } from './expand-user.ts';
import { type IniFile, iniValue } from './ini.ts';
import { type ConfigKey, type ConfigKeyType, configKeys } from './keys.ts';
import { configProblem } from './problem.ts';

/** Reads typed values; each throws OZ_CONFIG_VALUE with file, line, section and key. */
export interface ConfigReader {
  /** Undefined when unset or empty, and without a default. */
  text(section: string, key: string): string | undefined;
  integer(section: string, key: string): number | undefined;
  boolean(section: string, key: string): boolean;
  /** Absolute. */
  path(section: string, key: string): string | undefined;
  /** By the type that the key is declared with; checked, but still a text. */
  checked(section: string, key: string): string | undefined;
}

export interface Surroundings {
  home: string;
  isRoot: boolean;
}

/**
 * A reader of one file, or of the defaults alone. With `onProblem` nothing is thrown for a value:
 * it is told, and the default counts.
 */
export function configReader(
  file: IniFile | undefined,
  { home, isRoot }: Surroundings,
  onProblem?: (error: OzError) => void,
): ConfigReader {
  const read = <T>(
    section: string,
    key: string,
    convert: (text: string, declared: ConfigKey) => T | Problem,
  ): T | undefined => {
    const declared = configKeys.find((known) => known.section === section && known.key === key);
    if (!declared) throw new Error(`[${section}] ${key} is not declared`);
    const given = file && iniValue(file, section, key);
    const usual = isRoot ? declared.default : (declared.userDefault ?? declared.default);
    const text = given?.text.trim() ?? usual;
    if (text === '' && (given === undefined || optionalWhenEmpty(declared))) return undefined;
    const result = convert(text, declared);
    if (!(result instanceof Problem)) return result;
    const error = configProblem(
      'OZ_CONFIG_VALUE',
      { file: file?.source ?? 'the defaults', line: given?.line, section, key },
      `${declared.secret ? 'the value' : shown(text)} ${result.why}`,
      { hint: result.hint },
    );
    if (!onProblem || given === undefined) throw error;
    onProblem(error);
    const instead = usual === '' ? undefined : convert(usual, declared);
    return instead instanceof Problem ? undefined : instead;
  };
  return {
    text: (section, key) => read(section, key, toText),
    integer: (section, key) => read(section, key, toInteger),
    boolean: (section, key) => read(section, key, toBoolean) ?? false,
    path: (section, key) => read(section, key, (text) => toPath(text, home)),
    checked: (section, key) =>
      read(section, key, (text, declared) => {
        const value = checks[declared.type](text, declared, home);
        if (typeof value === 'number') return String(value);
        return typeof value === 'boolean' ? text.toLowerCase() : value;
      }),
  };
}

class Problem {
  readonly why: string;
  readonly hint: string | undefined;
  constructor(why: string, hint?: string) {
    this.why = why;
    this.hint = hint;
  }
}

/** `uri =` is the same as no uri; `memory =` is a mistake. */
function optionalWhenEmpty({ type, default: value }: ConfigKey): boolean {
  return value === '' && (type === 'text' || type === 'word' || type === 'pairs');
}

function shown(text: string): string {
  const line = withoutCredentials(text.replace(/\s+/g, ' '));
  return `'${line.length > 60 ? `${line.slice(0, 60)}…` : line}'`;
}

function toText(text: string, { type, choices }: ConfigKey): string | Problem {
  if (/\p{Cc}/u.test(text)) return new Problem('runs over more than one line');
  if (type === 'word' && !/^[A-Za-z0-9][A-Za-z0-9_.+:@-]*$/.test(text)) {
    return new Problem('must be a single word');
  }
  if (!choices || choices.includes(text)) return text;
  const guess = suggest(text, choices);
  return new Problem(`is none of ${choices.join(', ')}`, guess && `did you mean ${guess}?`);
}

/** Image properties and the like; the text stays as it is. */
function toPairs(text: string): string | Problem {
  if (/\p{Cc}/u.test(text)) return new Problem('runs over more than one line');
  const wrong = text.split(',').find((pair) => !/^\s*[A-Za-z0-9_.:-]+\s*=/.test(pair));
  return wrong === undefined ? text : new Problem('is no list of name=value, separated by commas');
}

/** A whole number as Python's int() reads it, and no smaller than makes sense. */
function toInteger(text: string, { minimum = 0 }: ConfigKey): number | Problem {
  if (!/^[+-]?\d+(_\d+)*$/.test(text)) return new Problem('must be a whole number');
  const value = Number(text.replaceAll('_', ''));
  if (value < minimum) return new Problem(`is too small: at least ${minimum} is needed`);
  return Number.isSafeInteger(value) ? value : new Problem('is too large');
}

function toBoolean(text: string): boolean | Problem {
  if (/^(yes|true)$/i.test(text)) return true;
  if (/^(no|false)$/i.test(text)) return false;
  return new Problem("is none of 'yes', 'no', 'true' and 'false'");
}

function toPath(text: string, home: string): string | Problem {
  if (/\p{Cc}/u.test(text)) return new Problem('runs over more than one line');
  const expanded = expandUser(text, home);
  return path.isAbsolute(expanded)
    ? expanded
    : new Problem(
        'must be an absolute path',
        /^~(\/|$)/.test(text) ? 'HOME must be one' : undefined,
      );
}

/** How a text of each type is checked. */
const checks: Record<
  ConfigKeyType,
  (text: string, declared: ConfigKey, home: string) => string | number | boolean | Problem
> = {
  text: toText,
  word: toText,
  choice: toText,
  pairs: toPairs,
  integer: toInteger,
  boolean: toBoolean,
  path: (text, _declared, home) => toPath(text, home),
};
