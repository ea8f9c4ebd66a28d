/** Warnings about what oz.cfg holds and nobody reads. */
import { suggest } from '../base/suggest.ts';
import { type IniFile, type IniSection, referencesIn } from './ini.ts';
import { configKeys } from './keys.ts';

/** One line for each section and key that is not known, with a suggestion where one is near. */
export function unknownKeys(file: IniFile): string[] {
  return [...file.sections].flatMap(([section, values]) => {
    if (!sections.has(section))
      return [`${file.source}: unknown section [${section}]${guessSection(section)}`];
    return keysUnread(section, values).map(
      (key) =>
        `${file.source}: line ${values.get(key)?.line}: unknown key ${key} in [${section}]${guessKey(section, key)}`,
    );
  });
}

const sections = new Set(configKeys.map(({ section }) => section));

/** The keys of a section that neither Ozma reads nor another value of the section refers to. */
export function keysUnread(section: string, values: IniSection): string[] {
  const read = new Set(keysOf(section));
  const used = new Set<string>();
  const use = (key: string) => {
    const value = used.has(key) ? undefined : values.get(key);
    used.add(key);
    if (value) for (const name of referencesIn(value)) use(name);
  };
  for (const key of values.keys()) if (read.has(key)) use(key);
  return [...values.keys()].filter((key) => !used.has(key));
}

/** `: did you mean …?`, or nothing. */
export const guessSection = (section: string): string => guess(suggest(section, sections));

/** The same of a key in a section that is known. */
export const guessKey = (section: string, key: string): string =>
  guess(nearest(key, keysOf(section)));

/** In the same section first; else the same key in another section. */
function nearest(key: string, keys: string[]): string | undefined {
  const elsewhere = configKeys.find((known) => known.key === key);
  return suggest(key, keys) ?? (elsewhere && `${key} in [${elsewhere.section}]`);
}

function keysOf(section: string): string[] {
  return configKeys.filter((known) => known.section === section).map(({ key }) => key);
}

function guess(name: string | undefined): string {
  return name === undefined ? '' : `: did you mean ${name}?`;
}
