/** How what users read is written: quotes that every terminal has, American spelling; and tests that run. */
import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { packageFile } from '../../src/base/package-root.ts';

const filesIn = (folder: string, ending: RegExp): string[] =>
  readdirSync(packageFile(folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => `${folder}/${name}`);

const read = (file: string) => readFileSync(packageFile(file), 'utf8');

/** The texts of a source file, and of its templates the pieces. */
function textsOf(file: string): string[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (
      ts.isStringLiteralLike(node) ||
      ts.isTemplateHead(node) ||
      ts.isTemplateMiddleOrTemplateTail(node)
    ) {
      found.push(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const sources = ['src', 'backends', 'osinfo', 'bin'].flatMap((folder) =>
  filesIn(folder, /\.[jt]s$/),
);
const texts = sources.flatMap((file) => textsOf(file).map((text) => ({ file, text })));

it('messages have the quotes of ASCII', () => {
  expect(texts.length).toBeGreaterThan(5000);
  expect(texts.filter(({ text }) => /[\u2018\u2019\u201c\u201d]/.test(text))).toEqual([]);
});

const british =
  /\b\w*(?:customis|recognis|organis|authoris|normalis|initialis|optimis(?!t)|synchronis|colour|behaviour|honour|favour|labelled|cancelled|catalogue|licence)\w*/i;

it('messages and documents are in American spelling', () => {
  // Names of files, members and options are no sentences.
  const sentences = texts.filter(({ text }) => /\s/.test(text));
  expect(sentences.filter(({ text }) => british.test(text))).toEqual([]);
  const documents = [
    ...['README.md', 'CHANGELOG.md', 'SECURITY.md', 'compat/DEVIATIONS.md'],
    ...filesIn('docs', /\.(md|[1-8])$/),
  ];
  // A member of the plan is written as it is.
  const found = documents.flatMap((file) =>
    read(file)
      .split('\n')
      .filter((line) => british.test(line.replace('\\fBcustomise\\fR', '')))
      .map((line) => `${file}: ${line}`),
  );
  expect(found).toEqual([]);
});

/** Tests that only some can run, with the reason. */
const conditional: Readonly<Record<string, string>> = {
  'test/backends/libvirt/session.test.ts': 'a full disk: only root can mount one of a few bytes',
};

it('no test is left out', () => {
  const skips = /\b(?:it|test|describe)(?:\.\w+)*\.(?:skip|skipIf|runIf|todo|only)\b|\bskip\(\)/;
  const files = [...filesIn('test', /\.test\.ts$/), ...filesIn('compat', /\.test\.ts$/)];
  const own = 'test/docs/words.test.ts';
  const found = files.filter((file) => file !== own && skips.test(read(file)));
  expect(found).toEqual(Object.keys(conditional));
});
