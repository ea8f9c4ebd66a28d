/** Finds the first thing in a document that the TDL's grammar does not allow. */

import { suggest } from '../base/suggest.ts';
import { installShapes, rootShapes, type Shape } from './shape.ts';
import type { XmlElementNode } from './xml-tree.ts';

export interface Violation {
  node: XmlElementNode;
  why: string;
}

/** The first violation in document order, outer elements first; undefined when there is none. */
export function explain(
  root: XmlElementNode,
  expected: keyof typeof rootShapes,
): Violation | undefined {
  if (root.name !== expected) {
    return { node: root, why: `the root element must be <${expected}>` };
  }
  return check(root, rootShapes[expected]);
}

function check(node: XmlElementNode, declared: Shape): Violation | undefined {
  const why = checkAttributes(node, declared);
  if (why) return { node, why };
  const shape = node.path === 'os/install' ? installShape(node) : declared;
  if (typeof shape === 'string') return { node, why: shape };
  const problem = checkChildren(node, shape) ?? checkText(node, shape);
  if (problem) return problem;
  for (const inner of node.children) {
    const of = shape.children?.[inner.name]?.of;
    const violation = of && check(inner, of);
    if (violation) return violation;
  }
  const more = shape.also?.(node);
  return more ? { node, why: more } : undefined;
}

/** What <install> may hold depends on its type. */
function installShape({ attributes: { type = '' } }: XmlElementNode): Shape | string {
  const shape = Object.hasOwn(installShapes, type) ? installShapes[type] : undefined;
  return shape ?? "its attribute type must be 'url' or 'iso'";
}

function checkAttributes(node: XmlElementNode, shape: Shape): string | undefined {
  const declared = shape.attributes ?? {};
  for (const [name, value] of Object.entries(node.attributes)) {
    const rule = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (!rule) return `unknown attribute ${name}${didYouMean(name, Object.keys(declared))}`;
    if (rule !== 'required' && !rule.optional.test(value)) {
      return `its attribute ${name} must be ${rule.expected}`;
    }
  }
  const missing = Object.entries(declared).find(
    ([name, rule]) => rule === 'required' && !Object.hasOwn(node.attributes, name),
  );
  return missing && `it has no attribute ${missing[0]}`;
}

function checkChildren(node: XmlElementNode, shape: Shape): Violation | undefined {
  const declared = shape.children ?? {};
  const seen = new Set<string>();
  for (const inner of node.children) {
    const rule = Object.hasOwn(declared, inner.name) ? declared[inner.name] : undefined;
    if (!rule) {
      const place = node.children.length > 0 && Object.keys(declared).length > 0;
      const guess = place ? didYouMean(inner.name, Object.keys(declared)) : '';
      return { node: inner, why: `there is no such element in <${node.name}>${guess}` };
    }
    if (rule.count !== '*' && seen.has(inner.name)) {
      return { node: inner, why: `<${node.name}> may hold only one <${inner.name}>` };
    }
    seen.add(inner.name);
  }
  const missing = Object.entries(declared).find(
    ([name, { count }]) => count === '1' && !seen.has(name),
  );
  return missing && { node, why: `it has no element <${missing[0]}>` };
}

function checkText(node: XmlElementNode, shape: Shape): Violation | undefined {
  if (shape.text === 'any') return undefined;
  if (shape.text) {
    return shape.text.pattern.test(node.text)
      ? undefined
      : { node, why: `it must be ${shape.text.expected}` };
  }
  return /^[ \t\r\n]*$/.test(node.text)
    ? undefined
    : { node, why: 'text where only elements may be' };
}

function didYouMean(name: string, known: string[]): string {
  const guess = suggest(name, known);
  return guess ? ` (did you mean ${guess}?)` : '';
}
