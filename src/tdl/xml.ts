/**
 * TDL text to checked tree: well-formed, XIncludes resolved, valid against
 * tdl.rng. Internal entities are substituted; nothing is fetched, no external
 * entity is read, and libxml2's limits (nesting of 256, entity amplification)
 * stay in force.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packageFile } from '../base/package-root.ts';
import { explain } from './explain.ts';
import { type Libxml2, loadLibxml2, type XmlDocument, type XmlElement } from './libxml2.ts';
import { tdlProblem } from './problem.ts';
import { externalEntity, resolveIncludes } from './xinclude.ts';
import { wordXmlError } from './xml-errors.ts';
import type { XmlElementNode } from './xml-tree.ts';

export type Root = 'template' | 'packages' | 'repositories';

/**
 * The document's root element, valid by the schema. Throws OZ_TDL_XML,
 * OZ_TDL_INCLUDE or OZ_TDL_SCHEMA with file, line and element.
 */
export async function readXml(text: string, source: string, root: Root): Promise<XmlElementNode> {
  return withTree(text, source, ({ libxml2, document, included, tree }) => {
    const problem = explain(tree, root);
    if (problem) throw tdlProblem('OZ_TDL_SCHEMA', problem.node, problem.why);
    if (included) validateCopy(libxml2, document, tree);
    else validate(libxml2, document, tree);
    return tree;
  });
}

/** The root element of a document that need not be valid. Throws OZ_TDL_XML and OZ_TDL_INCLUDE. */
export const readTree = (text: string, source: string): Promise<XmlElementNode> =>
  withTree(text, source, ({ tree }) => tree);

interface Parsed {
  libxml2: Libxml2;
  document: XmlDocument;
  /** Whether other files were taken into it. */
  included: boolean;
  tree: XmlElementNode;
}

async function withTree(
  text: string,
  source: string,
  use: (parsed: Parsed) => XmlElementNode,
): Promise<XmlElementNode> {
  const libxml2 = await loadLibxml2();
  const document = parseDocument(libxml2, text, source);
  try {
    refuseExternalEntities(document, text, source);
    refuseOwnBase(document, source);
    const included = resolveIncludes(libxml2, document, source);
    const tree = toTree(libxml2, document.root, source, '');
    return use({ libxml2, document, included, tree });
  } finally {
    document.dispose();
  }
}

function parseDocument(libxml2: Libxml2, text: string, source: string): XmlDocument {
  const { ParseOption, XmlDocument, XmlLibError } = libxml2;
  try {
    return XmlDocument.fromString(text.replace(/^\uFEFF/, ''), {
      url: source,
      option:
        ParseOption.XML_PARSE_NOENT |
        ParseOption.XML_PARSE_NO_XXE |
        ParseOption.XML_PARSE_NONET |
        // The text is decoded already, whatever its declaration says.
        ParseOption.XML_PARSE_IGNORE_ENC |
        ParseOption.XML_PARSE_BIG_LINES,
    });
  } catch (error) {
    throw wordXmlError(error instanceof XmlLibError ? error.details : [], source, error);
  }
}

/** libxml2 would leave them out without a word; no other file is read into a TDL this way. */
function refuseExternalEntities(document: XmlDocument, text: string, source: string): void {
  const at = document.dtd ? text.search(externalEntity) : -1;
  if (at < 0) return;
  const line = text.slice(0, at).split('\n').length;
  throw tdlProblem(
    'OZ_TDL_XML',
    { file: source, line, path: 'template' },
    'external entities are not read',
    { hint: 'include the file with <xi:include parse="text">' },
  );
}

/** xml:base is no part of a TDL; after XInclude it can only be libxml2's own mark. */
function refuseOwnBase(document: XmlDocument, source: string): void {
  const [marked] = document.find('//*[@xml:base]') as XmlElement[];
  if (marked) {
    throw tdlProblem(
      'OZ_TDL_SCHEMA',
      { file: source, line: marked.line, path: marked.name },
      'unknown attribute xml:base',
    );
  }
}

/** Copies elements into plain data, and takes out the xml:base marks of included files. */
function toTree(
  libxml2: Libxml2,
  root: XmlElement,
  source: string,
  rootPath: string,
): XmlElementNode {
  const elements = libxml2.XmlXPath.compile('*');
  const texts = libxml2.XmlXPath.compile('text()');
  const visit = (element: XmlElement, file: string, path: string): XmlElementNode => {
    const base = element.attr('base', 'xml');
    const here = base ? includedFile(base.value, file) : file;
    base?.remove();
    const name = qualified(element.namespaceUri, element.name);
    const own = path === '' ? name : path;
    const children = (element.find(elements) as XmlElement[]).map((inner) =>
      visit(
        inner,
        here,
        path === '' ? inner.name : `${path}/${qualified(inner.namespaceUri, inner.name)}`,
      ),
    );
    return {
      name,
      attributes: Object.fromEntries(
        element.attrs.map((a) => [qualified(a.namespaceUri, a.name), a.value]),
      ),
      children,
      text:
        children.length === 0
          ? element.content
          : element
              .find(texts)
              .map((node) => node.content)
              .join(''),
      line: element.line,
      file: here,
      path: own,
    };
  };
  return visit(root, source, rootPath);
}

function qualified(namespace: string | undefined, name: string): string {
  return namespace ? `{${namespace}}${name}` : name;
}

function includedFile(base: string, includedFrom: string): string {
  try {
    return fileURLToPath(new URL(base, `file://${includedFrom}`));
  } catch {
    return base;
  }
}

/** Included text stays between marks that no grammar expects: a copy is free of them. */
function validateCopy(libxml2: Libxml2, document: XmlDocument, tree: XmlElementNode): void {
  const copy = parseDocument(libxml2, document.toString({ format: false }), tree.file);
  try {
    validate(libxml2, copy, tree);
  } finally {
    copy.dispose();
  }
}

/** tdl.rng has the last word; what it refuses has been explained before, as far as the tests tell. */
function validate(libxml2: Libxml2, document: XmlDocument, tree: XmlElementNode): void {
  const schema = libxml2.XmlDocument.fromString(
    readFileSync(packageFile('src', 'tdl', 'tdl.rng'), 'utf8'),
  );
  const validator = libxml2.RelaxNGValidator.fromDoc(schema);
  try {
    validator.validate(document);
  } catch (error) {
    if (!(error instanceof libxml2.XmlLibError)) throw error;
    const detail = error.details.find((d) => d.line > 0);
    throw tdlProblem(
      'OZ_TDL_SCHEMA',
      { file: tree.file, line: detail?.line ?? tree.line, path: elementOf(detail?.xpath) },
      (detail?.message ?? error.message).trim(),
    );
  } finally {
    validator.dispose();
    schema.dispose();
  }
}

function elementOf(xpath: string | undefined): string {
  return xpath?.replace(/^\/([^/]+\/)?/, '').replace(/\[\d+\]/g, '') || 'template';
}
