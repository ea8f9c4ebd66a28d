/** Compiles XPath 1.0 expressions to closures: a lexer and a descent through the grammar. */
import { axes } from './axes.ts';
import { coreFunctions, type XPathContext } from './functions.ts';
import type { XPathNode } from './node.ts';
import { type Comparison, compare, toBoolean, toNumber, type XPathValue } from './values.ts';

export type XPathExpression = (context: XPathContext) => XPathValue;

interface Token {
  kind: 'number' | 'literal' | 'name' | 'variable' | 'operator' | 'end';
  text: string;
}

const lexeme =
  /\s*(?:(\d+(?:\.\d*)?|\.\d+)|"([^"]*)"|'([^']*)'|\$([A-Za-z_][\w.-]*)|([A-Za-z_][\w.-]*(?::(?!:)[A-Za-z_][\w.-]*)?)|(::|\/\/|\.\.|!=|<=|>=|[()[\]@,./|+\-*=<>]))/y;
const operatorNames = new Set(['and', 'or', 'div', 'mod']);

function tokens(source: string): Token[] {
  const found: Token[] = [];
  const text = source.trimEnd();
  lexeme.lastIndex = 0;
  while (lexeme.lastIndex < text.length) {
    const at = lexeme.lastIndex;
    const m = lexeme.exec(text);
    if (!m) throw new Error(`"${source}" is not understood at "${text.slice(at)}"`);
    if (m[1] !== undefined) found.push({ kind: 'number', text: m[1] });
    else if (m[4] !== undefined) found.push({ kind: 'variable', text: m[4] });
    else if (m[6] !== undefined) found.push({ kind: 'operator', text: m[6] });
    else if (m[5] === undefined) found.push({ kind: 'literal', text: m[2] ?? m[3] ?? '' });
    else {
      // XPath 1.0, section 3.7: after an operand, `and` and its like are operators
      const before = found.at(-1);
      const operand =
        before && (before.kind !== 'operator' || [')', ']', '.', '..', '*'].includes(before.text));
      found.push({ kind: operand && operatorNames.has(m[5]) ? 'operator' : 'name', text: m[5] });
    }
  }
  found.push({ kind: 'end', text: 'the end' });
  return found;
}

const inOrder = (nodes: Iterable<XPathNode>): XPathNode[] =>
  [...new Set(nodes)].sort((a, b) => a.order - b.order);

function nodeSet(value: XPathValue): XPathNode[] {
  if (Array.isArray(value)) return value;
  throw new Error('a node set is wanted here');
}

type Operation = (left: XPathValue, right: XPathValue) => XPathValue;

const comparisons: Record<string, Operation> = Object.fromEntries(
  (['=', '!=', '<', '<=', '>', '>='] as Comparison[]).map((op) => [
    op,
    (a: XPathValue, b: XPathValue) => compare(op, a, b),
  ]),
);

/** Binary operators from the loosest to the tightest; all bind to the left. */
const levels: Record<string, Operation>[] = [
  { or: (a, b) => toBoolean(a) || toBoolean(b) },
  { and: (a, b) => toBoolean(a) && toBoolean(b) },
  { '=': comparisons['='] as Operation, '!=': comparisons['!='] as Operation },
  {
    '<': comparisons['<'] as Operation,
    '<=': comparisons['<='] as Operation,
    '>': comparisons['>'] as Operation,
    '>=': comparisons['>='] as Operation,
  },
  { '+': (a, b) => toNumber(a) + toNumber(b), '-': (a, b) => toNumber(a) - toNumber(b) },
  {
    '*': (a, b) => toNumber(a) * toNumber(b),
    div: (a, b) => toNumber(a) / toNumber(b),
    mod: (a, b) => toNumber(a) % toNumber(b),
  },
];

const nodeTypes: Record<string, (node: XPathNode) => boolean> = {
  node: () => true,
  text: (node) => node.kind === 'text',
};

/** Throws Error when the expression is not XPath 1.0. */
export function compileXPath(source: string): XPathExpression {
  const input = tokens(source);
  let at = 0;
  const peek = (ahead = 0): Token => input[Math.min(at + ahead, input.length - 1)] as Token;
  const isOperator = (text: string, ahead = 0): boolean =>
    peek(ahead).kind === 'operator' && peek(ahead).text === text;
  const accept = (text: string): boolean => {
    if (!isOperator(text)) return false;
    at++;
    return true;
  };
  const expect = (text: string): void => {
    if (!accept(text)) throw new Error(`"${source}": ${text} is missing before ${peek().text}`);
  };

  function binary(level: number): XPathExpression {
    const operations = levels[level];
    if (!operations) return unary();
    let left = binary(level + 1);
    for (;;) {
      const token = peek();
      const operation =
        token.kind === 'operator' && Object.hasOwn(operations, token.text)
          ? operations[token.text]
          : undefined;
      if (!operation) return left;
      at++;
      const [a, b] = [left, binary(level + 1)];
      left = (context) => operation(a(context), b(context));
    }
  }

  function unary(): XPathExpression {
    if (accept('-')) {
      const operand = unary();
      return (context) => -toNumber(operand(context));
    }
    let left = path();
    while (accept('|')) {
      const [a, b] = [left, path()];
      left = (context) => inOrder([...nodeSet(a(context)), ...nodeSet(b(context))]);
    }
    return left;
  }

  function path(): XPathExpression {
    const start = primary();
    if (start) {
      const filters = predicates();
      const filtered: XPathExpression = filters.length
        ? (context) => filters.reduce((set, f) => f(set, context), nodeSet(start(context)))
        : start;
      return isOperator('/') || isOperator('//') ? relative(filtered) : filtered;
    }
    if (isOperator('/') || isOperator('//')) {
      const root: XPathExpression = ({ node }) => {
        let top = node;
        while (top.parent) top = top.parent;
        return [top];
      };
      const bare = isOperator('/') && !startsStep(1);
      if (bare) at++;
      return bare ? root : relative(root);
    }
    return relative((context) => [context.node], true);
  }

  function startsStep(ahead: number): boolean {
    const token = peek(ahead);
    return (
      token.kind === 'name' ||
      (token.kind === 'operator' && ['.', '..', '@', '*'].includes(token.text))
    );
  }

  function relative(start: XPathExpression, atStep = false): XPathExpression {
    let from = start;
    let stepNext = atStep;
    for (;;) {
      if (!stepNext) {
        if (accept('//')) {
          const before = from;
          from = (context) =>
            inOrder(nodeSet(before(context)).flatMap((n) => axes['descendant-or-self']?.(n) ?? []));
        } else if (!accept('/')) return from;
      }
      stepNext = false;
      const [before, take] = [from, step()];
      from = (context) => inOrder(nodeSet(before(context)).flatMap((n) => take(n, context)));
    }
  }

  function step(): (node: XPathNode, context: XPathContext) => XPathNode[] {
    if (accept('..')) return (node) => axes.parent?.(node) ?? [];
    if (accept('.')) return (node) => [node];
    let axis = 'child';
    if (accept('@')) axis = 'attribute';
    else if (peek().kind === 'name' && isOperator('::', 1)) {
      axis = peek().text;
      at += 2;
    }
    const walk = axes[axis];
    if (!walk) throw new Error(`"${source}": the axis ${axis} is not supported`);
    const principal = axis === 'attribute' ? 'attribute' : 'element';
    let test: (node: XPathNode) => boolean;
    if (accept('*')) test = (node) => node.kind === principal;
    else if (peek().kind === 'name') {
      const name = peek().text;
      at++;
      const type = nodeTypes[name];
      if (type && accept('(')) {
        expect(')');
        test = type;
      } else test = (node) => node.kind === principal && node.name === name;
    } else throw new Error(`"${source}": a step is missing before ${peek().text}`);
    const filters = predicates();
    return (node, context) => filters.reduce((set, f) => f(set, context), walk(node).filter(test));
  }

  function predicates(): ((set: XPathNode[], context: XPathContext) => XPathNode[])[] {
    const found: ((set: XPathNode[], context: XPathContext) => XPathNode[])[] = [];
    while (accept('[')) {
      const test = binary(0);
      expect(']');
      found.push((set, { variables }) =>
        set.filter((node, i) => {
          const value = test({ node, position: i + 1, size: set.length, variables });
          return typeof value === 'number' ? value === i + 1 : toBoolean(value);
        }),
      );
    }
    return found;
  }

  function primary(): XPathExpression | undefined {
    const token = peek();
    if (token.kind === 'number' || token.kind === 'literal') {
      at++;
      const value = token.kind === 'number' ? Number(token.text) : token.text;
      return () => value;
    }
    if (token.kind === 'variable') {
      at++;
      return ({ variables }) => {
        const value = variables.get(token.text);
        if (value === undefined) throw new Error(`the variable $${token.text} is not set`);
        return value;
      };
    }
    if (accept('(')) {
      const inner = binary(0);
      expect(')');
      return inner;
    }
    if (token.kind === 'name' && isOperator('(', 1) && !Object.hasOwn(nodeTypes, token.text)) {
      at += 2;
      return call(token.text);
    }
    return undefined;
  }

  function call(name: string): XPathExpression {
    const args: XPathExpression[] = [];
    if (!accept(')')) {
      do args.push(binary(0));
      while (accept(','));
      expect(')');
    }
    const known = Object.hasOwn(coreFunctions, name) ? coreFunctions[name] : undefined;
    if (!known) throw new Error(`"${source}": the function ${name}() is not supported`);
    const [least, most, run] = known;
    if (args.length < least || args.length > most) {
      throw new Error(`"${source}": ${name}() takes other arguments`);
    }
    return (context) =>
      run(
        args.map((arg) => arg(context)),
        context,
      );
  }

  const expression = binary(0);
  if (peek().kind !== 'end') throw new Error(`"${source}": unexpected ${peek().text}`);
  return expression;
}
