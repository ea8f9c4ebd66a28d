/** XPath's axes over our tree; each in the order that position() counts. */
import type { XPathNode } from './node.ts';

function descendants(node: XPathNode): XPathNode[] {
  return node.children.flatMap((child) => [child, ...descendants(child)]);
}

function ancestors(node: XPathNode): XPathNode[] {
  return node.parent ? [node.parent, ...ancestors(node.parent)] : [];
}

function siblings(node: XPathNode, from: (at: number, all: XPathNode[]) => XPathNode[]) {
  const all = node.parent?.children ?? [];
  const at = all.indexOf(node);
  return at < 0 ? [] : from(at, all);
}

export const axes: Record<string, (node: XPathNode) => XPathNode[]> = {
  child: (node) => node.children,
  attribute: (node) => node.attributes,
  self: (node) => [node],
  parent: (node) => (node.parent ? [node.parent] : []),
  descendant: descendants,
  'descendant-or-self': (node) => [node, ...descendants(node)],
  ancestor: ancestors,
  'ancestor-or-self': (node) => [node, ...ancestors(node)],
  'following-sibling': (node) => siblings(node, (at, all) => all.slice(at + 1)),
  'preceding-sibling': (node) => siblings(node, (at, all) => all.slice(0, at).reverse()),
};
