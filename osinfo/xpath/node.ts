/** The tree that XPath expressions look at. */

export interface XPathNode {
  kind: 'root' | 'element' | 'attribute' | 'text';
  /** Element's or attribute's name; empty for the others. */
  name: string;
  /** Text of a text node or an attribute. */
  value: string;
  parent: XPathNode | undefined;
  children: XPathNode[];
  attributes: XPathNode[];
  /** Place in document order. */
  order: number;
}

/** Builds a document; its nodes must be made in document order. */
export function documentBuilder(): {
  root: XPathNode;
  element(parent: XPathNode, name: string, text?: string): XPathNode;
} {
  let count = 0;
  const make = (
    kind: XPathNode['kind'],
    name: string,
    value: string,
    parent: XPathNode | undefined,
  ): XPathNode => {
    const node = { kind, name, value, parent, children: [], attributes: [], order: count++ };
    parent?.children.push(node);
    return node;
  };
  return {
    root: make('root', '', '', undefined),
    element(parent, name, text) {
      const node = make('element', name, '', parent);
      if (text) make('text', '', text, node);
      return node;
    },
  };
}

/** XPath's string-value of a node. */
export function stringValue(node: XPathNode): string {
  if (node.kind === 'text' || node.kind === 'attribute') return node.value;
  return node.children.map(stringValue).join('');
}
