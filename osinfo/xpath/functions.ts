/** XPath 1.0's core functions, without the few that need a DTD or a language. */
import type { XPathNode } from './node.ts';
import { toBoolean, toNumber, toText, type XPathValue } from './values.ts';

export interface XPathContext {
  node: XPathNode;
  position: number;
  size: number;
  variables: ReadonlyMap<string, XPathValue>;
}

type CoreFunction = (args: XPathValue[], context: XPathContext) => XPathValue;

const text = (args: XPathValue[], at: number): string => toText(args[at] ?? '');

function nodes(value: XPathValue | undefined, name: string): XPathNode[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${name}() wants a node set`);
}

const own = (args: XPathValue[], context: XPathContext): XPathValue => args[0] ?? [context.node];

const round = (n: number): number => Math.floor(n + 0.5);

function substring(source: string, start: number, length: number | undefined): string {
  const first = round(start);
  const beyond = length === undefined ? Number.POSITIVE_INFINITY : first + round(length);
  return [...source].filter((_, i) => i + 1 >= first && i + 1 < beyond).join('');
}

function translate(source: string, from: string, to: string): string {
  const origin = [...from];
  const target = [...to];
  return [...source]
    .map((c) => {
      const at = origin.indexOf(c);
      return at < 0 ? c : (target[at] ?? '');
    })
    .join('');
}

/** Each with the fewest and the most arguments it takes. */
export const coreFunctions: Record<string, [least: number, most: number, call: CoreFunction]> = {
  last: [0, 0, (_, context) => context.size],
  position: [0, 0, (_, context) => context.position],
  count: [1, 1, (args) => nodes(args[0], 'count').length],
  name: [0, 1, (args, context) => nodes(own(args, context), 'name')[0]?.name ?? ''],
  'local-name': [
    0,
    1,
    (args, context) => nodes(own(args, context), 'local-name')[0]?.name.replace(/^.*:/, '') ?? '',
  ],
  string: [0, 1, (args, context) => toText(own(args, context))],
  concat: [2, Number.POSITIVE_INFINITY, (args) => args.map(toText).join('')],
  'starts-with': [2, 2, (args) => text(args, 0).startsWith(text(args, 1))],
  contains: [2, 2, (args) => text(args, 0).includes(text(args, 1))],
  'substring-before': [
    2,
    2,
    (args) => text(args, 0).slice(0, Math.max(0, text(args, 0).indexOf(text(args, 1)))),
  ],
  'substring-after': [
    2,
    2,
    (args) => {
      const at = text(args, 0).indexOf(text(args, 1));
      return at < 0 ? '' : text(args, 0).slice(at + text(args, 1).length);
    },
  ],
  substring: [
    2,
    3,
    (args) =>
      substring(
        text(args, 0),
        toNumber(args[1] ?? 0),
        args[2] === undefined ? undefined : toNumber(args[2]),
      ),
  ],
  'string-length': [0, 1, (args, context) => [...toText(own(args, context))].length],
  'normalize-space': [
    0,
    1,
    (args, context) =>
      toText(own(args, context))
        .trim()
        .replace(/[ \t\r\n]+/g, ' '),
  ],
  translate: [3, 3, (args) => translate(text(args, 0), text(args, 1), text(args, 2))],
  boolean: [1, 1, (args) => toBoolean(args[0] ?? '')],
  not: [1, 1, (args) => !toBoolean(args[0] ?? '')],
  true: [0, 0, () => true],
  false: [0, 0, () => false],
  number: [0, 1, (args, context) => toNumber(own(args, context))],
  sum: [1, 1, (args) => nodes(args[0], 'sum').reduce((n, node) => n + toNumber([node]), 0)],
  floor: [1, 1, (args) => Math.floor(toNumber(args[0] ?? ''))],
  ceiling: [1, 1, (args) => Math.ceil(toNumber(args[0] ?? ''))],
  round: [1, 1, (args) => round(toNumber(args[0] ?? ''))],
};
