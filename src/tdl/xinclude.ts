/**
 * XInclude: files on this machine only, relative to the including document or,
 * as in Oz, to the working directory. libxml2 does the work; this says what it
 * may open and how much.
 */
import { statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { messageOf, OzError } from '../base/errors.ts';
import { inWords, limits } from '../base/limits.ts';
import { readBoundedSync } from '../base/read-bounded.ts';
import { whyOf } from '../base/system-errors.ts';
import type { Libxml2, XmlDocument, XmlElement } from './libxml2.ts';
import { tdlProblem } from './problem.ts';

/** That of the standard, and that of its drafts, which libxml2 knows as well. */
const namespaces = ['http://www.w3.org/2001/XInclude', 'http://www.w3.org/2003/XInclude'];
/** Bounds what documents that include each other many times can blow up to. */
const maxExpandedBytes = 64 * 1024 * 1024;

/** The declaration of an entity whose text is another file. */
export const externalEntity = /<!ENTITY\s+[^\s%]+\s+(SYSTEM|PUBLIC)\s/;

/** What one parse may still open. */
interface Budget {
  /** How often the included documents can be repeated, at worst. */
  repetitions: number;
  bytes: number;
  /** Why libxml2 was refused a file, for the error it then ends with. */
  refusal?: string;
}

let current: Budget | undefined;
let registered = false;

/**
 * Replaces each xi:include in the document, and tells whether there was one.
 * Throws OZ_TDL_INCLUDE.
 */
export function resolveIncludes(libxml2: Libxml2, document: XmlDocument, source: string): boolean {
  const includes = namespaces.flatMap(
    (xi) => document.find('//xi:include', { xi }) as XmlElement[],
  );
  if (includes.length === 0) return false;
  for (const include of includes) makeAbsolute(include, source);
  registerFiles(libxml2);
  const budget: Budget = { repetitions: includes.length, bytes: 0 };
  current = budget;
  try {
    document.processXInclude();
    return true;
  } catch (error) {
    throw includeProblem(libxml2, error, budget, source);
  } finally {
    current = undefined;
    open.clear();
  }
}

/** So that libxml2 opens the right file, and tells by xml:base which elements came from it. */
function makeAbsolute(include: XmlElement, source: string): void {
  const href = include.attr('href');
  if (!href) return;
  const place = { file: source, line: include.line, path: 'xi:include' };
  if (!href.value.startsWith('file:') && /^[a-z][a-z0-9+.-]*:/i.test(href.value)) {
    throw tdlProblem('OZ_TDL_INCLUDE', place, 'only files on this machine can be included', {
      hint: 'download it first and include the file',
    });
  }
  const [name = '', fragment] = href.value.split('#', 2);
  if (name === '') return;
  const found = name.startsWith('file:') ? fileUrlPath(name) : findFile(decode(name), source);
  if (found === undefined) return;
  href.value = pathToFileURL(found).href + (fragment === undefined ? '' : `#${fragment}`);
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function fileUrlPath(url: string): string | undefined {
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}

/** Beside the including document, else in the working directory (where Oz looks). */
export function findFile(name: string, source: string): string | undefined {
  return [path.resolve(path.dirname(source), name), path.resolve(name)].find(isFile);
}

function isFile(name: string): boolean {
  try {
    return statSync(name).isFile();
  } catch {
    // Missing, unreadable, or no file name at all.
    return false;
  }
}

/** What libxml2 reads from, by the number it was given. */
const open = new Map<number, { content: Buffer; offset: number }>();
let lastNumber = 0;

/** The callbacks stay registered for good; without a budget they refuse everything. */
function registerFiles(libxml2: Libxml2): void {
  if (registered) return;
  registered = libxml2.xmlRegisterInputProvider({
    match: (name) => current !== undefined && fileOf(name) !== undefined,
    open: openIncluded,
    read: (number, buffer) => {
      const source = open.get(number);
      if (!source) return -1;
      const copied = source.content.copy(buffer, 0, source.offset);
      source.offset += copied;
      return copied;
    },
    close: (number) => open.delete(number),
  });
  if (!registered) {
    throw new OzError('OZ_TDL_INCLUDE', 'Cannot include files: libxml2 takes no further sources');
  }
}

function fileOf(name: string): string | undefined {
  const file = name.startsWith('file:') ? fileUrlPath(name) : name;
  return file !== undefined && path.isAbsolute(file) && isFile(file) ? file : undefined;
}

/** A number, or undefined with the reason kept: libxml2 calls this, so nothing is thrown. */
function openIncluded(name: string): number | undefined {
  const file = fileOf(name);
  if (!file || !current) return undefined;
  try {
    const content = readBoundedSync(file, limits.document);
    if (!content) return refuse(`${file} is larger than ${inWords(limits.document)}`);
    const text = content.toString('latin1');
    if (/^\s*<[!?]/.test(text) && externalEntity.test(text)) {
      return refuse(`${file} has external entities, which are not read`);
    }
    current.repetitions *= Math.max(1, countIncludes(text));
    current.bytes += content.length;
    if (current.repetitions * current.bytes > maxExpandedBytes) {
      return refuse(
        `the included documents repeat each other too often: together they may have ${inWords(maxExpandedBytes)}`,
      );
    }
    lastNumber++;
    open.set(lastNumber, { content, offset: 0 });
    return lastNumber;
  } catch (error) {
    return refuse(`${file} cannot be read: ${whyOf(error)}`);
  }
}

function refuse(reason: string): undefined {
  if (current) current.refusal ??= reason;
  return undefined;
}

function countIncludes(text: string): number {
  return text.match(/<(?:[^\s<>/:]+:)?include[\s/>]/g)?.length ?? 0;
}

function includeProblem(libxml2: Libxml2, error: unknown, budget: Budget, source: string): OzError {
  const details = error instanceof libxml2.XmlLibError ? error.details : [];
  const detail = details.findLast((d) => d.line > 0) ?? details.at(-1);
  const why = budget.refusal ?? reword(detail?.message ?? messageOf(error));
  const file = detail?.file?.startsWith('file:') ? fileUrlPath(detail.file) : detail?.file;
  return tdlProblem(
    'OZ_TDL_INCLUDE',
    { file: file ?? source, line: detail?.line ?? 1, path: 'xi:include' },
    why,
    { hint: 'included files are looked for beside the TDL, then in the working directory' },
  );
}

function reword(message: string): string {
  const missing = /^could not load (?:file:\/\/)?(.*), and no fallback was found/.exec(message);
  return missing ? `there is no file ${missing[1]}` : message.trim();
}
