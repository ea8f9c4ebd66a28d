/**
 * Reads INI files by the rules of Python's ConfigParser, which oz.cfg files have
 * been written for since the first Oz: `=` and `:`, keys in any case,
 * continuation lines by indentation, comments only on lines of their own,
 * quotes and semicolons kept, nothing twice, [DEFAULT], and %(name)s.
 */
import { configProblem } from './problem.ts';

export interface IniValue {
  /** Before interpolation. */
  raw: string;
  line: number;
  /** The last line of a value that runs over several. */
  end: number;
}

export type IniSection = Map<string, IniValue>;

export interface IniFile {
  /** Name of the file, for messages. */
  source: string;
  sections: Map<string, IniSection>;
  /** [DEFAULT]: what every section has unless it says otherwise. */
  defaults: IniSection;
  /** The lines of the sections' heads, that of [DEFAULT] among them. */
  heads: Map<string, number>;
}

/** Python's limit on references within references. */
const maxDepth = 10;
/** References that multiply each other shall not fill the memory. */
const maxReferences = 10_000;
const header = /^\[(.+)\]/;

/** Throws OZ_CONFIG_SYNTAX with file and line. */
export function parseIni(text: string, source: string): IniFile {
  const file: IniFile = { source, sections: new Map(), defaults: new Map(), heads: new Map() };
  let section: { name: string; values: IniSection } | undefined;
  /** The value that an indented line would continue, line by line. */
  let open: { parts: string[]; value: IniValue } | undefined;
  let indent = 0;

  const close = () => {
    if (open) open.value.raw = open.parts.join('\n').trimEnd();
    open = undefined;
  };

  for (const [index, line] of lines(text).entries()) {
    const place = { file: source, line: index + 1 };
    const content = line.trim();
    if (/^[#;]/.test(content)) continue;
    if (content === '') {
      open?.parts.push('');
      continue;
    }
    const ownIndent = line.search(/\S/);
    if (open && ownIndent > indent) {
      open.parts.push(content);
      open.value.end = place.line;
      continue;
    }
    indent = ownIndent;
    const named = header.exec(content)?.[1];
    if (named !== undefined) {
      close();
      if (!file.heads.has(named)) file.heads.set(named, place.line);
      section = { name: named, values: startSection(file, named, place) };
      continue;
    }
    if (!section) {
      throw configProblem('OZ_CONFIG_SYNTAX', place, 'a setting before the first [section]');
    }
    const at = content.search(/[=:]/);
    const key = content.slice(0, Math.max(at, 0)).trimEnd().toLowerCase();
    if (!key) {
      throw configProblem('OZ_CONFIG_SYNTAX', place, "neither '[section]' nor 'key = value'", {
        hint: 'indent a line to continue the value above it',
      });
    }
    const before = section.values.get(key);
    if (before) {
      throw configProblem(
        'OZ_CONFIG_SYNTAX',
        { ...place, section: section.name, key },
        `it is set already on line ${before.line}`,
      );
    }
    close();
    const value = { raw: '', line: place.line, end: place.line };
    section.values.set(key, value);
    open = { parts: [content.slice(at + 1).trimStart()], value };
  }
  close();
  return file;
}

function lines(text: string): string[] {
  return text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
}

function startSection(
  file: IniFile,
  name: string,
  place: { file: string; line: number },
): IniSection {
  if (name === 'DEFAULT') return file.defaults;
  if (file.sections.has(name)) {
    throw configProblem(
      'OZ_CONFIG_SYNTAX',
      { ...place, section: name },
      'the section is used twice',
    );
  }
  const values: IniSection = new Map();
  file.sections.set(name, values);
  return values;
}

/** The keys, of the section or [DEFAULT], that a value's %(name)s references name. */
export function referencesIn({ raw }: IniValue): string[] {
  return [...raw.matchAll(/%%|%\(([^)%]+)\)s/g)].flatMap(([, name]) => name?.toLowerCase() ?? []);
}

/**
 * A value with its %(name)s references replaced; undefined when the section or
 * the key is not there. Throws OZ_CONFIG_VALUE for a bad reference.
 */
export function iniValue(
  file: IniFile,
  section: string,
  key: string,
): { text: string; line: number } | undefined {
  const values = file.sections.get(section);
  const value = values && (values.get(key) ?? file.defaults.get(key));
  if (!value) return undefined;
  const place = { file: file.source, line: value.line, section, key };

  let references = 0;
  const expand = (raw: string, depth: number): string => {
    if (depth > maxDepth || references > maxReferences) {
      throw configProblem(
        'OZ_CONFIG_VALUE',
        place,
        'its %(…)s references go round in circles, or multiply each other',
      );
    }
    return raw.replace(/%(?:%|\(([^)%]+)\)s|)/g, (reference, name: string | undefined) => {
      if (reference === '%%') return '%';
      references++;
      if (name === undefined) {
        throw configProblem('OZ_CONFIG_VALUE', place, "a '%' that is no %(key)s reference", {
          hint: "write '%%' for a plain '%'",
        });
      }
      const other = name.toLowerCase();
      const found = values.get(other) ?? file.defaults.get(other);
      if (!found)
        throw configProblem('OZ_CONFIG_VALUE', place, `there is no key ${name} to refer to`);
      return expand(found.raw, depth + 1);
    });
  };
  return { text: expand(value.raw, 1), line: value.line };
}
