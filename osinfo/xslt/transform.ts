/**
 * The part of XSLT 1.0 that install scripts are written in: named and matching
 * templates, value-of, text, if, choose, call-template, variable, attribute,
 * literal elements with attribute value templates, text and XML output.
 * Anything else is refused, never ignored.
 */

import { elements, isElement, textOf, type XmlElement } from '../xml/parse.ts';
import { compileXPath, type XPathExpression } from '../xpath/compile.ts';
import type { XPathContext } from '../xpath/functions.ts';
import type { XPathNode } from '../xpath/node.ts';
import { toBoolean, toText, type XPathValue } from '../xpath/values.ts';
import { type ResultElement, type ResultNode, resultText, resultXml } from './result.ts';

const xslNamespace = 'http://www.w3.org/1999/XSL/Transform';
const whitespaceOnly = /^[ \t\n\r]*$/;
const maxCalls = 200;

/** What an instruction adds to the element around it. */
type Output = ResultNode | { attribute: string; value: string };
type Variables = ReadonlyMap<string, XPathValue>;

export interface Stylesheet {
  /** The result of the template that matches the document's root element, or /. */
  apply(document: XPathNode): string;
}

/** Compiles an xsl:stylesheet element (white space kept); throws Error on what it can't do. */
export function compileStylesheet(sheet: XmlElement): Stylesheet {
  const prefix = Object.entries(sheet.attributes).find(([, uri]) => uri === xslNamespace)?.[0];
  if (!prefix?.startsWith('xmlns:')) throw new Error('no XSLT namespace is declared at its root');
  const xsl = prefix.slice('xmlns:'.length);
  const local = (element: XmlElement): string | undefined =>
    element.name.startsWith(`${xsl}:`) ? element.name.slice(xsl.length + 1) : undefined;
  if (!['stylesheet', 'transform'].includes(local(sheet) ?? '')) {
    throw new Error('its root is no xsl:stylesheet');
  }

  const named = new Map<string, XmlElement>();
  const matching = new Map<string, XmlElement>();
  let output: Record<string, string> = {};
  for (const part of elements(sheet)) {
    const kind = local(part);
    if (kind === 'output') output = part.attributes;
    else if (kind === 'template') {
      const { name, match } = part.attributes;
      if (name !== undefined) named.set(name, part);
      if (match !== undefined) matching.set(match, part);
    } else throw new Error(`<${part.name}> is not supported`);
  }

  const compiled = new Map<string, XPathExpression>();
  function evaluate(source: string, node: XPathNode, variables: Variables): XPathValue {
    let expression = compiled.get(source);
    if (!expression) {
      expression = compileXPath(source);
      compiled.set(source, expression);
    }
    const context: XPathContext = { node, position: 1, size: 1, variables };
    return expression(context);
  }

  function required(element: XmlElement, name: string): string {
    const value = element.attributes[name];
    if (value === undefined) throw new Error(`<${element.name}> has no attribute ${name}`);
    return value;
  }

  const valueTemplate = (text: string, node: XPathNode, variables: Variables): string =>
    text.replace(/\{\{|\}\}|\{([^}]*)\}/g, (all, source: string | undefined) =>
      source === undefined ? all.charAt(0) : toText(evaluate(source, node, variables)),
    );

  function plain(parts: Output[]): ResultNode[] {
    return parts.filter((part): part is ResultNode => typeof part === 'string' || 'name' in part);
  }

  let calls = 0;
  function instantiate(parent: XmlElement, node: XPathNode, outer: Variables): Output[] {
    if (++calls > maxCalls) throw new Error('its templates call each other without end');
    const result: Output[] = [];
    const variables = new Map(outer);
    for (const child of parent.children) {
      if (typeof child === 'string') {
        if (!whitespaceOnly.test(child)) result.push(child);
      } else if (!isElement(child)) result.push(child.cdata);
      else if (local(child) === 'variable') {
        const { select } = child.attributes;
        const value =
          select === undefined
            ? resultText(plain(instantiate(child, node, variables)))
            : evaluate(select, node, variables);
        variables.set(required(child, 'name'), value);
      } else result.push(...instruction(child, node, variables));
    }
    calls--;
    return result;
  }

  const instructions: Record<string, (e: XmlElement, n: XPathNode, v: Variables) => Output[]> = {
    text: (element) => [textOf(element)],
    'value-of': (element, node, v) => [toText(evaluate(required(element, 'select'), node, v))],
    if: (element, node, v) =>
      toBoolean(evaluate(required(element, 'test'), node, v)) ? instantiate(element, node, v) : [],
    choose: (element, node, v) => {
      const branch = elements(element).find(
        (e) => local(e) === 'otherwise' || toBoolean(evaluate(required(e, 'test'), node, v)),
      );
      return branch ? instantiate(branch, node, v) : [];
    },
    'call-template': (element, node) => {
      if (elements(element).length) throw new Error('xsl:with-param is not supported');
      const name = required(element, 'name');
      const template = named.get(name);
      if (!template) throw new Error(`there is no template named ${name}`);
      return instantiate(template, node, new Map());
    },
    attribute: (element, node, v) => [
      {
        attribute: valueTemplate(required(element, 'name'), node, v),
        value: resultText(plain(instantiate(element, node, v))),
      },
    ],
  };

  function instruction(element: XmlElement, node: XPathNode, variables: Variables): Output[] {
    const kind = local(element);
    if (kind === undefined) return [literal(element, node, variables)];
    const run = Object.hasOwn(instructions, kind) ? instructions[kind] : undefined;
    if (!run) throw new Error(`<${element.name}> is not supported`);
    return run(element, node, variables);
  }

  function literal(element: XmlElement, node: XPathNode, variables: Variables): ResultElement {
    const made: ResultElement = {
      name: element.name,
      namespaces: [],
      attributes: [],
      children: [],
    };
    for (const [name, value] of Object.entries(element.attributes)) {
      const declaration = /^xmlns(?::(.*))?$/.exec(name);
      if (!declaration) made.attributes.push([name, valueTemplate(value, node, variables)]);
      else if (value !== xslNamespace) made.namespaces.push([declaration[1] ?? '', value]);
    }
    for (const part of instantiate(element, node, variables)) {
      if (typeof part !== 'string' && 'attribute' in part) {
        made.attributes.push([part.attribute, part.value]);
      } else made.children.push(part);
    }
    return made;
  }

  return {
    apply(document) {
      const root = document.children.find((node) => node.kind === 'element');
      const own = root && (matching.get(`/${root.name}`) ?? matching.get(root.name));
      const template = own ?? matching.get('/');
      if (!root || !template) throw new Error(`no template matches /${root?.name ?? ''}`);
      calls = 0;
      const result = plain(instantiate(template, own ? root : document, new Map()));
      if (output.method === 'text') return resultText(result);
      if (output.method !== undefined && output.method !== 'xml') {
        throw new Error(`the output method ${output.method} is not supported`);
      }
      return resultXml(result, {
        indent: output.indent === 'yes',
        declaration: output['omit-xml-declaration'] !== 'yes',
        encoding: output.encoding,
      });
    },
  };
}
