/** XPath 1.0's four types and the conversions between them. */
import { stringValue, type XPathNode } from './node.ts';

/** A node set is an array in document order. */
export type XPathValue = string | number | boolean | XPathNode[];

export function toText(value: XPathValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number') return Object.is(value, -0) ? '0' : String(value);
  const first = value[0];
  return first ? stringValue(first) : '';
}

export function toNumber(value: XPathValue): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  const text = toText(value).replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
  return /^-?(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
}

export function toBoolean(value: XPathValue): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0 && !Number.isNaN(value);
  return value.length > 0;
}

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

const relations: Record<Comparison, (a: string | number | boolean, b: typeof a) => boolean> = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** XPath 1.0, section 3.4: a node set compares as any of its nodes does. */
export function compare(op: Comparison, left: XPathValue, right: XPathValue): boolean {
  const equality = op === '=' || op === '!=';
  const each = (value: XPathValue): (string | number | boolean)[] =>
    Array.isArray(value) ? value.map(stringValue) : [value];
  const related = (a: string | number | boolean, b: typeof a): boolean => {
    if (!equality) return relations[op](toNumber(a), toNumber(b));
    if (typeof a === 'boolean' || typeof b === 'boolean') {
      return relations[op](toBoolean(a), toBoolean(b));
    }
    if (typeof a === 'number' || typeof b === 'number') {
      return relations[op](toNumber(a), toNumber(b));
    }
    return relations[op](a, b);
  };
  if (typeof left === 'boolean' || typeof right === 'boolean') {
    return related(toBoolean(left), toBoolean(right));
  }
  return each(left).some((a) => each(right).some((b) => related(a, b)));
}
