/** A parsed XML document as plain data: what the checks look at once libxml2 is done. */

export interface XmlElementNode {
  name: string;
  attributes: Record<string, string>;
  children: XmlElementNode[];
  /** All text directly in or, for a leaf, anywhere below the element; comments left out. */
  text: string;
  line: number;
  /** The file the element stands in: the TDL, or one that it includes. */
  file: string;
  /** From the root, such as `os/arch`; the root itself has its own name. */
  path: string;
}

/** The first child of that name. */
export function child(node: XmlElementNode, name: string): XmlElementNode | undefined {
  return node.children.find((candidate) => candidate.name === name);
}

/** All children of that name, in document order. */
export function children(node: XmlElementNode, name: string): XmlElementNode[] {
  return node.children.filter((candidate) => candidate.name === name);
}

/** The element at a path below the node, such as `install/url`. */
export function descend(node: XmlElementNode, path: string): XmlElementNode | undefined {
  let current: XmlElementNode | undefined = node;
  for (const name of path.split('/')) current = current && child(current, name);
  return current;
}
