/** What a <file> or <command> holds: text, base64, or a URL. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { codeOf } from '../base/errors.ts';
import { shownUrl } from '../base/secrets.ts';
import { stripped, withoutTrailing } from '../base/text-ends.ts';
import { tdlProblem } from './problem.ts';
import type { TdlContent } from './types.ts';
import { findFile } from './xinclude.ts';
import type { XmlElementNode } from './xml-tree.ts';

/** Python's idea of white space, which differs from JavaScript's by U+0085 and U+FEFF. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: some of them are white space
const space = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** Text as Python's strip() leaves it. */
const strip = (text: string): string => stripped(text, space);

/** The content by the element's type; `source` is the TDL, beside which files are looked for. */
export function contentOf(node: XmlElementNode, source: string): TdlContent {
  const text = strip(node.text);
  switch (node.attributes.type) {
    case 'base64':
      return { bytes: decodeBase64(node, text) };
    case 'url':
      return { url: linkedUrl(node, text, source) };
    default:
      return { bytes: Buffer.from(text, 'utf8') };
  }
}

/** As strict as Python's: every group complete, though padding beyond that does no harm. */
function decodeBase64(node: XmlElementNode, text: string): Buffer {
  const digits = withoutTrailing(text, '=');
  const rest = digits.length % 4;
  if (rest === 1 || (rest > 1 && rest + text.length - digits.length < 4)) {
    throw tdlProblem('OZ_TDL_VALUE', node, 'its base64 content is cut short');
  }
  return Buffer.from(digits, 'base64');
}

function linkedUrl(node: XmlElementNode, url: string, source: string): string {
  return /^file:/i.test(url) ? localFile(node, url, source) : fetchableUrl(node, url);
}

/** The URL, if it is one that can be downloaded from or read on this machine. */
export function fetchableUrl(node: XmlElementNode, url: string): string {
  if (url === '') throw tdlProblem('OZ_TDL_VALUE', node, 'it is empty, where a URL is needed');
  if (!/^(https?|ftp|file):/i.test(url) || !URL.canParse(url)) {
    throw tdlProblem('OZ_TDL_VALUE', node, `'${shownUrl(url)}' is no URL that can be fetched`, {
      hint: /^[0-9a-f]{32,}$/i.test(url)
        ? 'name the URL of a file of checksums, not the checksum itself'
        : 'use http://, https://, ftp:// or file://',
    });
  }
  return url;
}

/** As in Oz what follows the slashes is a path, relative too, and nothing in it is decoded. */
function localFile(node: XmlElementNode, url: string, source: string): string {
  const name = url.replace(/^file:(\/\/)?/i, '').replace(/[?#].*$/s, '');
  const found = name === '' ? undefined : findFile(name, source);
  if (found) return pathToFileURL(found).href;
  const standard = name.startsWith('localhost/') ? name.slice('localhost'.length) : undefined;
  if (standard && findFile(standard, source)) return pathToFileURL(standard).href;
  throw tdlProblem('OZ_TDL_VALUE', node, `${url}: ${whyNot(path.resolve(name))}`, {
    hint: 'relative files are looked for beside the TDL, then in the working directory',
  });
}

function whyNot(file: string): string {
  try {
    return statSync(file).isDirectory() ? 'it is a directory' : 'it is no regular file';
  } catch (error) {
    return codeOf(error) === 'EACCES' ? 'permission denied' : 'there is no such file';
  }
}
