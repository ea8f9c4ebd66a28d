/**
 * Reads only some of what is directly within a file's entities, for lists of
 * many: the ordinary shape of the database's files is walked from child to
 * child, and whatever is out of the ordinary is left to the strict parser.
 */
import { parseXml, textOf, type XmlElement } from './parse.ts';

/** What a reader of many files wants of each entity. */
export interface Outline {
  /** Elements by name; of those that hold elements only the tag is kept. */
  wanted: ReadonlySet<string>;
  /** Elements that are kept with all that is in them. */
  whole?: ReadonlySet<string>;
  /** Values of xml:lang that are kept; elements in other languages are left out. */
  languages: readonly string[];
}

// Regular expressions walk the text: until code has become as fast, the list is done.
const space = /(?:[ \t\n]+|<!--(?:[^-]|-[^-])*-->|<\?[^?]*\?>)*/y;
const spaceOrTranslations =
  /(?:[ \t\n]+|<([\w-]+) xml:lang="[^"<]*">[^<]*<\/\1>|<!--(?:[^-]|-[^-])*-->|<\?[^?]*\?>)*/y;
/** An element with nothing but text in it, or else a start tag and its attributes. */
const child = /<([\w-]+)(?:(?: xml:lang="([^"<&]*)")?>([^<]*)<\/\1>|((?:\s[^<>]*|\/)?)>)/y;
const attribute = /\s+([\w:.-]+)=(?:"([^"<&]*)"|'([^'<&]*)')/y;

const none: Record<string, string> = Object.freeze({});

const translation = /<([\w-]+) xml:lang="[^"<\n]*">[^<\n]*<\/\1>/g;

/** The text without its translations, most of a system's file; its lines keep their numbers. */
export const withoutTranslations = (text: string): string =>
  text.includes('<![CDATA[') ? text : text.replace(translation, '');

/** Undefined when it is not well formed: the parser of the whole file knows the line. */
function parsed(bytes: string): XmlElement | undefined {
  try {
    return parseXml(bytes, { bytes: true });
  } catch {
    return undefined;
  }
}

/** Undefined when there is anything else than plain attributes. */
function attributesOf(text: string): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  let at = 0;
  for (;;) {
    attribute.lastIndex = at;
    const m = attribute.exec(text);
    if (!m) return text.slice(at).trim() === '' ? found : undefined;
    found[m[1] ?? ''] = m[2] ?? m[3] ?? '';
    at = attribute.lastIndex;
  }
}

/**
 * The elements of one kind, with what is wanted of their children. `text` is
 * the bytes of UTF-8, one character each (latin1). Undefined when the file has
 * anything that this reader does not know; the parser then decides. Throws
 * XmlSyntaxError where a reference is wrong.
 */
export function readOutline(
  text: string,
  bytes: Buffer,
  kind: string,
  { wanted, whole, languages }: Outline,
): XmlElement[] | undefined {
  const between = languages.length ? space : spaceOrTranslations;
  let at = text.charCodeAt(0) === 0xef ? 3 : 0;

  function skip(pattern: RegExp): void {
    pattern.lastIndex = at;
    if (pattern.test(text)) at = pattern.lastIndex;
  }

  /** Takes what comes next when it is this. */
  function take(expected: string): boolean {
    if (!text.startsWith(expected, at)) return false;
    at += expected.length;
    return true;
  }

  /** Cut out of the bytes: a slice of the text would keep all of it in memory. */
  const value = (from: number, to: number): string => bytes.toString('utf8', from, to);

  /** The attributes of a start tag; undefined when it is another tag, or empty. */
  function start(name: string): Record<string, string> | undefined {
    if (!take(`<${name}`)) return undefined;
    const stop = text.indexOf('>', at);
    const attributes = stop < 0 ? undefined : attributesOf(value(at, stop));
    at = stop + 1;
    return attributes;
  }

  /** Past an end tag; false when there is none, or one in a comment. */
  function toEnd(name: string): boolean {
    const tag = `</${name}>`;
    for (;;) {
      const end = text.indexOf(tag, at);
      if (end < 0) return false;
      const special = text.slice(at, end).indexOf('<!');
      if (special < 0) {
        at = end + tag.length;
        return true;
      }
      if (!text.startsWith('<!--', at + special)) return false;
      const stop = text.indexOf('-->', at + special + 4);
      if (stop < 0) return false;
      at = stop + 3;
    }
  }

  /** One child of an entity; false when it is not understood. */
  function takeChild(children: XmlElement['children']): boolean {
    child.lastIndex = at;
    const m = child.exec(text);
    if (!m) return false;
    const [, name = '', language, content, attributeText = ''] = m;
    const from = at + 1;
    at = child.lastIndex;
    if (name.startsWith('x-')) return false;
    const empty = attributeText.endsWith('/');
    if (whole?.has(name)) {
      if (content === undefined && !empty && !toEnd(name)) return false;
      const element = parsed(text.slice(from - 1, at));
      if (element) children.push(element);
      return element !== undefined;
    }
    if (!wanted.has(name)) return content !== undefined || empty || toEnd(name);
    const own = value(from, from + name.length);
    if (content === undefined) {
      const slash = empty ? 1 : 0;
      const attributes = attributesOf(value(at - 1 - attributeText.length, at - 1 - slash));
      if (!attributes || !empty) return false;
      children.push({ name: own, attributes, children: [] });
      return true;
    }
    if (language !== undefined && !languages.includes(language)) return true;
    const to = at - name.length - 3;
    const raw = value(to - content.length, to);
    const decoded = raw.includes('&') ? textOf(parseXml(`<a>${raw}</a>`)) : raw;
    children.push({
      name: own,
      attributes: language === undefined ? none : { 'xml:lang': language },
      children: decoded.trim() ? [decoded] : [],
    });
    return true;
  }

  if (text.includes('\r')) return undefined;
  skip(space);
  if (!start('libosinfo')) return undefined;
  const found: XmlElement[] = [];
  for (;;) {
    skip(space);
    if (take('</libosinfo>')) {
      skip(space);
      return at === text.length ? found : undefined;
    }
    const attributes = start(kind);
    if (!attributes) return undefined;
    const element: XmlElement = { name: kind, attributes, children: [] };
    for (;;) {
      skip(between);
      if (take(`</${kind}>`)) break;
      if (!takeChild(element.children)) return undefined;
    }
    found.push(element);
  }
}
