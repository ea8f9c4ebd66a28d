/** Reads from a source file which external programs it starts, by TypeScript's own parser. */
import ts from 'typescript';

export interface Started {
  /** Names as they stand there, with their folders. */
  programs: string[];
  /** Calls whose program only the running code knows: `runTool(program`. */
  computed: string[];
}

const starters = [
  'exec',
  'execFile',
  'execFileSync',
  'execSync',
  'spawn',
  'spawnSync',
  'runTool',
  'runLimited',
  'runNeeded',
  'startTool',
];

/** `exec` and `execSync` take a line for the shell; a regular expression's exec() is a method. */
function nameOfCallee({ expression }: ts.CallExpression): string | undefined {
  if (ts.isIdentifier(expression)) return expression.text;
  const promised = ts.isCallExpression(expression) && expression.arguments[0];
  return promised && ts.isIdentifier(promised) ? promised.text : undefined;
}

/** The name of the function that takes `parameter` as its first one, if `node` stands in it. */
function wrapperOf(node: ts.Node, parameter: string): string | undefined {
  for (let at = node.parent; at; at = at.parent) {
    if (!ts.isFunctionLike(at)) continue;
    const first = at.parameters[0]?.name;
    if (!first || !ts.isIdentifier(first) || first.text !== parameter) continue;
    if (at.name && ts.isIdentifier(at.name)) return at.name.text;
    if (ts.isVariableDeclaration(at.parent) && ts.isIdentifier(at.parent.name)) {
      return at.parent.name.text;
    }
  }
  return undefined;
}

/** What a constant of this file, or the variable of a loop over literals, can be. */
function valuesOf(source: ts.SourceFile, node: ts.Expression): string[] | undefined {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isConditionalExpression(node)) {
    const sides = [valuesOf(source, node.whenTrue), valuesOf(source, node.whenFalse)];
    return sides.every((side) => side) ? sides.flatMap((side) => side ?? []) : undefined;
  }
  if (ts.isArrayLiteralExpression(node)) {
    const all = node.elements.map((element) => valuesOf(source, element));
    return all.every((one) => one) ? all.flatMap((one) => one ?? []) : undefined;
  }
  if (node.getText(source) === 'process.execPath') return ['node'];
  if (!ts.isIdentifier(node)) return undefined;
  let found: string[] | undefined;
  const visit = (at: ts.Node): void => {
    if (ts.isVariableDeclaration(at) && ts.isIdentifier(at.name) && at.name.text === node.text) {
      const loop = at.parent.parent;
      const from = ts.isForOfStatement(loop) ? loop.expression : at.initializer;
      if (from && from !== node) found ??= valuesOf(source, from);
    }
    ts.forEachChild(at, visit);
  };
  visit(source);
  return found;
}

export function startedPrograms(file: string, text: string): Started {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const names = new Set(starters);
  const programs = new Set<string>();
  const computed = new Set<string>();
  const read = (call: ts.CallExpression): void => {
    const callee = nameOfCallee(call);
    const [first] = call.arguments;
    if (callee === undefined || !names.has(callee) || !first) return;
    const wrapper = ts.isIdentifier(first) ? wrapperOf(call, first.text) : undefined;
    const values = valuesOf(source, first);
    if (values) for (const value of values) programs.add(value.split(' ')[0] ?? value);
    else if (wrapper !== undefined) names.add(wrapper);
    else computed.add(`${callee}(${first.getText(source)}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) read(node);
    ts.forEachChild(node, visit);
  };
  // A function that hands its own parameter on starts programs as well: until no more are found.
  for (let before = 0; before < names.size; ) {
    before = names.size;
    visit(source);
  }
  return { programs: [...programs], computed: [...computed] };
}
