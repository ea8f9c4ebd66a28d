/**
 * Reads only some of what is directly within a file's entities, for lists of
 * many: the ordinary shape of the database's files is walked from tag to tag,
 * and whatever is out of the ordinary is left to the strict parser.
 */
import { parseXml, textOf, type XmlElement } from './parse.ts';

/** What a reader of many files wants of each entity. */
export interface Outline {
  /** Elements by name; of those that hold elements only the tag is kept. */
  wanted: ReadonlySet<string>;
  /** Values of xml:lang that are kept; elements in other languages are left out. */
  languages: readonly string[];
}

const high = /[\u0080-\uffff]/;
const open = 60; // <
const close = 62; // >
const slash = 47; // /
const attribute = /^\s+([\w:.-]+)=(?:"([^"<&]*)"|'([^'<&]*)')/;

/** The attributes between a tag's name and its end; undefined when they are not plain ones. */
function attributesOf(text: string): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  let rest = text;
  for (let m = attribute.exec(rest); m; m = attribute.exec(rest)) {
    found[m[1] as string] = m[2] ?? m[3] ?? '';
    rest = rest.slice(m[0].length);
  }
  return rest.trim() === '' ? found : undefined;
}

const languageAttribute = / xml:lang="([^"<&]*)"$/;

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
  { wanted, languages }: Outline,
): XmlElement[] | undefined {
  const end = text.length;
  let at = text.charCodeAt(0) === 0xef ? 3 : 0;
  /** The next comment, CDATA section or document type from `at` on. */
  let bang = -1;
  const nextBang = (): number => {
    if (bang < at) {
      bang = text.indexOf('<!', at);
      if (bang < 0) bang = end;
    }
    return bang;
  };

  /** Past white space and comments; false when there is something else than a tag. */
  function toTag(): boolean {
    for (;;) {
      let code = text.charCodeAt(at);
      while (code === 32 || code === 10 || code === 9) code = text.charCodeAt(++at);
      if (code !== open) return false;
      const next = text.charCodeAt(at + 1);
      if (next === 33 /* ! */) {
        if (!text.startsWith('<!--', at)) return false;
        const stop = text.indexOf('-->', at + 4);
        if (stop < 0) return false;
        at = stop + 3;
      } else if (next === 63 /* ? */) {
        const stop = text.indexOf('?>', at);
        if (stop < 0) return false;
        at = stop + 2;
      } else return true;
    }
  }

  /** Past the end tag; false when there is none outside of comments. */
  function toEnd(name: string): boolean {
    const tag = `</${name}>`;
    let found = text.indexOf(tag, at);
    while (found >= 0 && nextBang() < found) {
      if (!text.startsWith('<!--', bang)) return false;
      const stop = text.indexOf('-->', bang + 4);
      if (stop < 0) return false;
      at = stop + 3;
      if (found < at) found = text.indexOf(tag, at);
    }
    at = found + tag.length;
    return found >= 0;
  }

  /** Cut out of the bytes: a slice of the text would keep all of it in memory. */
  function value(from: number, to: number): string {
    if (to - from < 13) {
      const short = text.slice(from, to);
      if (!high.test(short)) return short;
    }
    return bytes.toString('utf8', from, to);
  }

  interface Tag {
    name: string;
    /** Where its attributes begin. */
    after: number;
    /** Where its > is. */
    stop: number;
    empty: boolean;
  }

  function tag(): Tag | undefined {
    let after = at + 1;
    for (;;) {
      const code = text.charCodeAt(after);
      if (code === close || code === slash || code === 32 || code === 10) break;
      if (!(code > 32)) return undefined;
      after++;
    }
    const stop = text.indexOf('>', after);
    if (stop < 0) return undefined;
    return { name: value(at + 1, after), after, stop, empty: text.charCodeAt(stop - 1) === slash };
  }

  /** One child of an entity: kept, left out, or (undefined) not understood. */
  function child({ name, after, stop, empty }: Tag, children: XmlElement['children']): boolean {
    if (name.startsWith('x-')) return false;
    const tagEnd = empty ? stop - 1 : stop;
    const attributeText = after < tagEnd ? value(after, tagEnd) : '';
    at = stop + 1;
    if (!wanted.has(name)) return empty || toEnd(name);
    if (empty) {
      const attributes = attributesOf(attributeText);
      if (!attributes) return false;
      children.push({ name, attributes, children: [] });
      return true;
    }
    let attributes: Record<string, string> = {};
    if (attributeText) {
      const language = languageAttribute.exec(attributeText)?.[1];
      if (language === undefined || language.length + 12 !== attributeText.length) return false;
      if (!languages.includes(language)) return toEnd(name);
      attributes = { 'xml:lang': language };
    }
    const textEnd = text.indexOf('<', at);
    if (textEnd < 0 || !text.startsWith(`</${name}>`, textEnd)) return false;
    const raw = value(at, textEnd);
    const content = raw.includes('&') ? textOf(parseXml(`<${name}>${raw}</${name}>`)) : raw;
    children.push({ name, attributes, children: content.trim() ? [content] : [] });
    at = textEnd + name.length + 3;
    return true;
  }

  if (text.includes('\r') || !toTag()) return undefined;
  const root = tag();
  if (root?.name !== 'libosinfo' || root.empty) return undefined;
  at = root.stop + 1;
  const found: XmlElement[] = [];
  while (toTag()) {
    if (text.charCodeAt(at + 1) === slash) {
      if (!text.startsWith('</libosinfo>', at)) return undefined;
      at += '</libosinfo>'.length;
      return text.slice(at).trim() === '' ? found : undefined;
    }
    const entity = tag();
    if (entity?.name !== kind || entity.empty) return undefined;
    const attributes = attributesOf(value(entity.after, entity.stop));
    if (!attributes) return undefined;
    const element: XmlElement = { name: kind, attributes, children: [] };
    at = entity.stop + 1;
    for (;;) {
      if (!toTag()) return undefined;
      if (text.charCodeAt(at + 1) === slash) break;
      const next = tag();
      if (!next || !child(next, element.children)) return undefined;
    }
    if (!text.startsWith(`</${kind}>`, at)) return undefined;
    at += kind.length + 3;
    found.push(element);
  }
  return undefined;
}
