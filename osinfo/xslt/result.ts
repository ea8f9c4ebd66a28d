/** The tree that a stylesheet makes, and its text as libxml2 would write it. */

export interface ResultElement {
  name: string;
  /** [prefix or '', URI] of the namespaces declared here. */
  namespaces: [string, string][];
  attributes: [string, string][];
  children: ResultNode[];
}

export type ResultNode = ResultElement | string;

const escapeText = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');

const escapeAttribute = (text: string): string =>
  escapeText(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');

/** Joins neighbouring text, drops what is empty. */
function joined(nodes: readonly ResultNode[]): ResultNode[] {
  const result: ResultNode[] = [];
  for (const node of nodes) {
    const last = result.at(-1);
    if (typeof node === 'string' && typeof last === 'string')
      result[result.length - 1] = last + node;
    else if (node !== '') result.push(node);
  }
  return result;
}

/** The text of a result, elements' contents included. */
export function resultText(nodes: readonly ResultNode[]): string {
  return nodes.map((n) => (typeof n === 'string' ? n : resultText(n.children))).join('');
}

function write(
  element: ResultElement,
  depth: number,
  indent: boolean,
  scope: ReadonlyMap<string, string>,
): string {
  const fresh = element.namespaces.filter(([prefix, uri]) => scope.get(prefix) !== uri);
  const declared = fresh.map(
    ([prefix, uri]) => ` xmlns${prefix ? `:${prefix}` : ''}="${escapeAttribute(uri)}"`,
  );
  const attributes = [...new Map(element.attributes)].map(
    ([name, value]) => ` ${name}="${escapeAttribute(value)}"`,
  );
  const head = `<${element.name}${declared.join('')}${attributes.join('')}`;
  const children = joined(element.children);
  if (!children.length) return `${head}/>`;
  // as libxml2 does: no white space is added where there is text already
  const split = indent && !children.some((child) => typeof child === 'string');
  const inner = new Map([...scope, ...fresh]);
  const body = children.map((child) =>
    typeof child === 'string'
      ? escapeText(child)
      : `${split ? `\n${'  '.repeat(depth + 1)}` : ''}${write(child, depth + 1, split, inner)}`,
  );
  const tail = split ? `\n${'  '.repeat(depth)}` : '';
  return `${head}>${body.join('')}${tail}</${element.name}>`;
}

/** Top-level elements, each on its line. */
export function resultXml(
  nodes: readonly ResultNode[],
  options: { indent: boolean; declaration: boolean; encoding: string | undefined },
): string {
  const encoding = options.encoding ? ` encoding="${options.encoding}"` : '';
  const declaration = options.declaration ? `<?xml version="1.0"${encoding}?>\n` : '';
  const top = joined(nodes).filter((node): node is ResultElement => typeof node !== 'string');
  return `${declaration}${top.map((e) => write(e, 0, options.indent, new Map())).join('\n')}\n`;
}
