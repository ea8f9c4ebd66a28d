/**
 * A small, strict XML reader for the database's files: within the time there is
 * no general parser could read them (for all 800 of them saxes needs 120 ms,
 * libxml2-wasm 200 ms with its start, this one 40 ms). No document type
 * definitions, hence no entities of its own and no billion laughs.
 */

export interface XmlElement {
  /** As written, prefix included. */
  name: string;
  attributes: Record<string, string>;
  children: XmlNode[];
}

/** A CDATA section, which XSLT never takes for mere white space. */
export interface XmlCData {
  cdata: string;
}

/** Text is a string; comments and processing instructions are dropped. */
export type XmlNode = XmlElement | XmlCData | string;

/** What is wrong, and in which line (from 1). */
export class XmlSyntaxError extends Error {
  override readonly name = 'XmlSyntaxError';
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

export interface ParseXmlOptions {
  /** Keep text that is white space only; false unless told. */
  keepWhitespace?: boolean;
  /**
   * The source is the bytes of UTF-8, one character each (read as latin1), of
   * which only the values that are kept get decoded; half the time and memory.
   */
  bytes?: boolean | undefined;
}

const maxDepth = 256;
const noAttributes: Record<string, string> = Object.freeze({});
const namePattern = /[A-Za-z_:\u00c0-\uffff][\w:.\-\u00b7-\uffff]*/y;
const attributePattern =
  /[ \t\n]+([A-Za-z_:\u00c0-\uffff][\w:.\-\u00b7-\uffff]*)[ \t\n]*=[ \t\n]*(?:"([^"<]*)"|'([^'<]*)')/y;
const tagEndPattern = /[ \t\n]*(\/?)>/y;
const closeTagPattern = /<\/([^\s>]+)[ \t\n]*>/y;
const declarationPattern = /<\?xml\s[^?]*\?>/y;
const highCharacter = /[\u0080-\u00ff]/;
const whitespaceOnly = /^[ \t\n\r]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Parses a document and returns its root element; throws XmlSyntaxError. */
export function parseXml(source: string, options: ParseXmlOptions = {}): XmlElement {
  const keep = options.keepWhitespace ?? false;
  const mark = options.bytes ? '\u00ef\u00bb\u00bf' : '\ufeff';
  let text = source.startsWith(mark) ? source.slice(mark.length) : source;
  if (text.includes('\r')) text = text.replace(/\r\n?/g, '\n');
  const end = text.length;
  let at = 0;

  function fail(message: string, where = at): never {
    let line = 1;
    for (let i = text.indexOf('\n'); i >= 0 && i < where; i = text.indexOf('\n', i + 1)) line++;
    throw new XmlSyntaxError(message, line);
  }

  const utf8 = (raw: string): string =>
    options.bytes && highCharacter.test(raw) ? Buffer.from(raw, 'latin1').toString('utf8') : raw;

  function decode(undecoded: string, where: number): string {
    const raw = utf8(undecoded);
    if (!raw.includes('&')) return raw;
    return raw.replace(/&([^;&\s]*;?)/g, (_, body: string) => {
      const reference = /^(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));$/.exec(body);
      if (!reference) return fail('a bare & or an unfinished reference', where);
      const known = reference[3] && named[reference[3]];
      if (known) return known;
      if (reference[3]) return fail(`undefined entity &${reference[3]};`, where);
      const code = Number.parseInt(reference[1] ?? reference[2] ?? '', reference[1] ? 10 : 16);
      const allowed =
        code === 9 ||
        code === 10 ||
        code === 13 ||
        (code >= 32 && code < 0xd800) ||
        (code > 0xdfff && code < 0xfffe) ||
        (code > 0xffff && code <= 0x10ffff);
      return allowed
        ? String.fromCodePoint(code)
        : fail(`character &${body} is not allowed`, where);
    });
  }

  const bad = forbidden.exec(text);
  if (bad) fail('a character that XML does not allow', bad.index);
  declarationPattern.lastIndex = 0;
  if (declarationPattern.test(text)) at = declarationPattern.lastIndex;

  let root: XmlElement | undefined;
  const stack: XmlElement[] = [];
  let top: XmlElement | undefined;
  while (at < end) {
    const open = text.indexOf('<', at);
    const stop = open < 0 ? end : open;
    if (stop > at) {
      if (top) {
        const raw = text.slice(at, stop);
        if (keep || !whitespaceOnly.test(raw)) {
          if (raw.includes(']]>')) fail(']]> in text');
          top.children.push(decode(raw, at));
        }
      } else if (!whitespaceOnly.test(text.slice(at, stop))) {
        fail('text outside of the root element');
      }
      at = stop;
      if (open < 0) break;
    }
    const kind = text.charCodeAt(at + 1);
    if (kind === 47 /* / */) {
      closeTagPattern.lastIndex = at;
      const close = closeTagPattern.exec(text);
      if (!close) fail('an unfinished end tag');
      if (!top) fail(`</${close[1]}> closes nothing`);
      if (close[1] !== top.name) fail(`</${close[1]}> closes <${top.name}>`);
      at = closeTagPattern.lastIndex;
      stack.pop();
      top = stack[stack.length - 1];
    } else if (kind === 33 /* ! */) {
      if (text.startsWith('<!--', at)) {
        const close = text.indexOf('--', at + 4);
        if (close < 0 || text.charCodeAt(close + 2) !== 62) fail('an unfinished comment');
        at = close + 3;
      } else if (text.startsWith('<![CDATA[', at) && top) {
        const close = text.indexOf(']]>', at + 9);
        if (close < 0) fail('an unfinished CDATA section');
        top.children.push({ cdata: utf8(text.slice(at + 9, close)) });
        at = close + 3;
      } else {
        fail('document type definitions are not supported');
      }
    } else if (kind === 63 /* ? */) {
      const close = text.indexOf('?>', at + 2);
      if (close < 0) fail('an unfinished processing instruction');
      at = close + 2;
    } else {
      namePattern.lastIndex = at + 1;
      const name = namePattern.exec(text)?.[0];
      if (!name) fail('a < that starts no tag');
      if (!top && root) fail(`a second root element <${name}>`);
      let attributes = noAttributes;
      let next = namePattern.lastIndex;
      if (text.charCodeAt(next) !== 62) {
        attributePattern.lastIndex = next;
        for (let m = attributePattern.exec(text); m; m = attributePattern.exec(text)) {
          if (attributes === noAttributes) attributes = {};
          const key = m[1] as string;
          if (Object.hasOwn(attributes, key)) fail(`attribute ${key} twice in <${name}>`);
          const value = (m[2] ?? m[3] ?? '').replace(/[\t\n]/g, ' ');
          attributes[key] = decode(value, next);
          next = attributePattern.lastIndex;
        }
      }
      tagEndPattern.lastIndex = next;
      const tagEnd = tagEndPattern.exec(text);
      if (!tagEnd) fail(`the tag <${name}> is not well formed`);
      const element: XmlElement = { name, attributes, children: [] };
      if (top) top.children.push(element);
      else root = element;
      at = tagEndPattern.lastIndex;
      if (!tagEnd[1]) {
        if (stack.push(element) > maxDepth) fail(`more than ${maxDepth} elements deep`);
        top = element;
      }
    }
  }
  if (top) fail(`<${top.name}> is not closed`);
  return root ?? fail('there is no element in it');
}

export function isElement(node: XmlNode): node is XmlElement {
  return typeof node !== 'string' && 'name' in node;
}

/** The child elements, all or those of one name. */
export function elements(parent: XmlElement, name?: string): XmlElement[] {
  const found: XmlElement[] = [];
  for (const node of parent.children) {
    if (isElement(node) && (name === undefined || node.name === name)) found.push(node);
  }
  return found;
}

/** All text within an element. */
export function textOf(element: XmlElement): string {
  let text = '';
  for (const node of element.children) {
    if (typeof node === 'string') text += node;
    else if (isElement(node)) text += textOf(node);
    else text += node.cdata;
  }
  return text;
}
