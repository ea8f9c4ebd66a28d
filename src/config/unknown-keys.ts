/** Warnings about what oz.cfg holds and nobody reads. */
import { suggest } from '../base/suggest.ts';
import type { IniFile } from './ini.ts';
import { configKeys } from './keys.ts';

/** One line for each section and key that is not known, with a suggestion where one is near. */
export function unknownKeys(file: IniFile): string[] {
  const sections = new Set(configKeys.map(({ section }) => section));
  return [...file.sections].flatMap(([section, values]) => {
    if (!sections.has(section)) {
      return [`${file.source}: unknown section [${section}]${guess(suggest(section, sections))}`];
    }
    const keys = keysOf(section);
    return [...values]
      .filter(([key]) => !keys.includes(key))
      .map(
        ([key, { line }]) =>
          `${file.source}: line ${line}: unknown key ${key} in [${section}]${guess(nearest(key, keys))}`,
      );
  });
}

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
