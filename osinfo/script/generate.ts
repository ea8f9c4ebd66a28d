/** Runs install scripts' stylesheets. */
import { fileURLToPath } from 'node:url';
import { OzError } from '../../src/base/errors.ts';
import { limits } from '../../src/base/limits.ts';
import { textWithinSync } from '../../src/base/read-bounded.ts';
import { whyOf } from '../../src/base/system-errors.ts';
import type { Database } from '../database/database.ts';
import { type Entity, type Params, param } from '../database/entity.ts';
import { fillingScriptIdsOf, type OsRecord, scriptIdsOf } from '../database/os-record.ts';
import type { ScriptRecord } from '../database/script-record.ts';
import { parseXml, type XmlElement } from '../xml/parse.ts';
import { compileStylesheet, type Stylesheet } from '../xslt/transform.ts';
import { type DocumentParts, scriptDocument } from './document.ts';
import { sha512Crypt } from './sha512-crypt.ts';

/** What libosinfo sets when nobody does; it also makes up an administrator's password. */
const defaults: Record<string, string> = {
  'l10n-keyboard': 'en_US',
  'l10n-timezone': 'America/New_York',
  'l10n-language': 'en_US',
};

export interface ScriptInput {
  os: OsRecord;
  media?: Entity | undefined;
  tree?: Entity | undefined;
  config: Readonly<Record<string, string>>;
  installationSource: 'media' | 'network';
  injectionMethod?: string | undefined;
}

/** The scripts of a system for a profile, or all of them. */
export function scriptsOf(database: Database, os: OsRecord, profile?: string): ScriptRecord[] {
  const find = (ids: readonly string[]): ScriptRecord[] =>
    ids.flatMap((id) => {
      const script = database.script(id);
      if (script) return script;
      database.warn(`${os.id} names the install script ${id}, which is not defined`);
      return [];
    });
  const profileOf = ({ params }: ScriptRecord): string | undefined => param(params, 'profile');
  const stated = find(scriptIdsOf(os));
  const profiles = new Set(stated.map(profileOf));
  const ours = find(fillingScriptIdsOf(os)).filter((script) => !profiles.has(profileOf(script)));
  const all = [...stated, ...ours];
  return profile === undefined ? all : all.filter((script) => profileOf(script) === profile);
}

const hashed = 'admin-password-crypted';

/** Adds the hashed password where a script takes one and only the plain one is given. */
export function withHashedPassword(
  script: ScriptRecord,
  config: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const plain = config['admin-password'];
  const wanted = script.parameters.some(({ name }) => name === hashed) && !config[hashed];
  return wanted && plain ? { ...config, [hashed]: sha512Crypt(plain) } : config;
}

/** Values as the script's datamaps rewrite them. */
function mapped(database: Database, script: ScriptRecord, config: ScriptInput['config']): Params {
  const params: Params = new Map();
  for (const [name, value] of Object.entries({ ...defaults, ...config })) {
    const map = script.parameters.find((parameter) => parameter.name === name)?.valueMap;
    params.set(name, [
      (map === undefined ? undefined : database.datamap(map)?.get(value)) ?? value,
    ]);
  }
  return params;
}

function templateOf(script: ScriptRecord): XmlElement {
  if (script.template) return script.template;
  if (!script.templateUri?.startsWith('file:')) throw new Error('it has no template');
  const file = fileURLToPath(script.templateUri);
  return parseXml(textWithinSync(file, limits.database), { keepWhitespace: true });
}

function worded<T>({ id }: ScriptRecord, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new OzError(
      'OZ_OSINFO_BAD_SCRIPT',
      `Cannot apply the install script ${id}: ${whyOf(error)}`,
      { hint: 'correct its file, or give the answer file with -a', cause: error },
    );
  }
}

const compiled = new WeakMap<ScriptRecord, Stylesheet>();

function run(
  database: Database,
  script: ScriptRecord,
  root: 'install-script-config' | 'command-line',
  input: ScriptInput,
): string {
  return worded(script, () => {
    const stylesheet = compiled.get(script) ?? compileStylesheet(templateOf(script));
    compiled.set(script, stylesheet);
    const parts: DocumentParts = {
      ...input,
      script,
      config: mapped(database, script, withHashedPassword(script, input.config)),
    };
    return stylesheet.apply(scriptDocument(root, parts));
  });
}

/** The answer file's text; throws OzError OZ_OSINFO_BAD_SCRIPT. */
export const scriptText = (database: Database, script: ScriptRecord, input: ScriptInput): string =>
  run(database, script, 'install-script-config', input);

/** The kernel arguments that the script asks for; undefined when it asks for none. */
export function scriptCommandLine(
  database: Database,
  script: ScriptRecord,
  input: ScriptInput,
): string | undefined {
  const wants = worded(script, () => templateOf(script)).children.some(
    (node) =>
      typeof node !== 'string' && 'name' in node && node.attributes.match === '/command-line',
  );
  return wants ? run(database, script, 'command-line', input).trim() : undefined;
}
