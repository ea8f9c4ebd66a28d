/**
 * What says who you are and where the cloud is, as flat texts by one set of
 * names, whichever source they come from (clouds.yaml, OS_* or oz.cfg).
 */

/** Texts by name: auth_url, username, password, project_name, region_name, … */
export type Settings = Record<string, string>;

/** Older and other names for the same thing. */
const aliases: Record<string, string> = {
  tenant_name: 'project_name',
  tenant_id: 'project_id',
  tenant: 'project_name',
  project: 'project_name',
  user_name: 'username',
  user: 'username',
  auth_token: 'token',
  auth_plugin: 'auth_type',
  endpoint_type: 'interface',
  region: 'region_name',
  user_domain: 'user_domain_name',
  project_domain: 'project_domain_name',
  default_domain: 'default_domain_id',
};

/** Each is said in one way at a time: who names one of them means none of the others. */
const alternatives: readonly (readonly string[])[] = [
  ['username', 'user_id'],
  ['project_name', 'project_id'],
  ['user_domain_name', 'user_domain_id'],
  ['project_domain_name', 'project_domain_id'],
  ['application_credential_id', 'application_credential_name'],
  ['domain_name', 'domain_id'],
  ['default_domain_name', 'default_domain_id'],
];

export const secretNames = [
  'password',
  'token',
  'application_credential_secret',
  'passcode',
] as const;

const userNames = ['username', 'user_id'];
const credentialNames = [
  'application_credential_id',
  'application_credential_name',
  'application_credential_secret',
];

/** Ways to say who you are; a source that begins one ends the others below it. */
const identities: readonly { begin: readonly string[]; end: readonly string[] }[] = [
  // That of a name belongs to a user, who may be told below.
  { begin: credentialNames, end: ['password', 'token'] },
  { begin: ['token'], end: [...userNames, 'password', ...credentialNames] },
  { begin: [...userNames, 'password'], end: ['token', ...credentialNames] },
];

const plainName = (key: string) => key.toLowerCase().replaceAll('-', '_');

/** The one name of a key: lower case, `_` for `-`, no older name. */
function settingName(key: string): string {
  const name = plainName(key);
  return aliases[name] ?? name;
}

const yes = /^(1|true|yes|on)$/i;

export function isYes(text: string | undefined): boolean {
  return text !== undefined && yes.test(text.trim());
}

/** Adds one value of any simple type under its one name; nothing for empty ones. */
export function putSetting(into: Settings, key: string, value: unknown): void {
  if (value === null || value === undefined || typeof value === 'object') return;
  const text = String(value);
  if (text === '') return;
  const name = settingName(key);
  if (name === 'verify') {
    // A path is an authority to verify by, as for Python's requests.
    const said = /^(0|1|true|false|yes|no|on|off)$/i.test(text.trim());
    if (said) into.insecure = String(!isYes(text));
    else into.cacert ??= text;
  } else into[name] = text;
}

/** Adds all that one source says. What it says by an older name, too, is by the newer one. */
export function putSettings(into: Settings, said: Readonly<Record<string, unknown>>): void {
  const isOlder = (key: string) => plainName(key) in aliases;
  const keys = Object.keys(said);
  for (const key of [...keys.filter(isOlder), ...keys.filter((key) => !isOlder(key))]) {
    putSetting(into, key, said[key]);
  }
}

/**
 * `above` laid over `base`: what is said above replaces what it stands for
 * below, in whichever form that was said there.
 */
export function overlay(base: Settings, above: Settings): Settings {
  const result = { ...base };
  const drop = (names: readonly string[]) => {
    for (const name of names) delete result[name];
  };
  for (const names of alternatives) {
    if (names.some((name) => above[name])) drop(names);
  }
  const begun = identities.find(({ begin }) => begin.some((name) => above[name]));
  if (begun) drop([...begun.end, 'auth_type']);
  return Object.assign(result, above);
}
