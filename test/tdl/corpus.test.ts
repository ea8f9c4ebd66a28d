/**
 * The corpus that is compared with the real Oz (compat/tdl/compare.ts), here
 * against golden verdicts, so that it guards where no Oz is installed.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as libxml2 from 'libxml2-wasm';
import { afterAll, describe, expect, it } from 'vitest';
import { configReasons } from '../../compat/config/corpus.ts';
import { corpus, reasons } from '../../compat/tdl/corpus.ts';
import { OzError } from '../../src/base/errors.ts';
import { mergePackages, mergeRepositories } from '../../src/tdl/merge.ts';
import { readTdl } from '../../src/tdl/read.ts';

const golden = new URL('../golden/tdl/verdicts.txt', import.meta.url);
const root = mkdtempSync(path.join(tmpdir(), 'ozma-tdl-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function verdict(index: number): Promise<string> {
  const test = corpus[index];
  if (!test) throw new Error(`no case ${index}`);
  const dir = path.join(root, String(index));
  for (const [name, content] of Object.entries({ 'test.tdl': test.text, ...test.files })) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    writeFileSync(path.join(dir, name), content);
  }
  try {
    let tdl = await readTdl(path.join(dir, 'test.tdl'), { rootpwRequired: test.rootpw });
    for (const document of test.mergePackages ?? []) tdl = await mergePackages(tdl, document);
    for (const document of test.mergeRepositories ?? []) {
      tdl = await mergeRepositories(tdl, document);
    }
    return `${test.name} => ${JSON.stringify(tdl)}`.replaceAll(dir, '');
  } catch (error) {
    if (!(error instanceof OzError)) throw error;
    return `${test.name} => ${error.code}: ${error.message}`.replaceAll(dir, '');
  }
}

describe('the corpus', () => {
  it('is read as before, with every refusal naming file, line and element', async () => {
    const lines: string[] = [];
    for (const index of corpus.keys()) lines.push(await verdict(index));
    const text = `${lines.join('\n')}\n`;
    if (process.env.OZMA_UPDATE_GOLDEN) writeFileSync(golden, text);
    expect(text).toBe(readFileSync(golden, 'utf8'));
    const refusals = lines.filter(
      (line) => line.includes(' => OZ_') && !line.includes('OZ_TDL_FILE'),
    );
    expect(refusals.length).toBeGreaterThan(100);
    for (const line of refusals) {
      expect(line).toMatch(/Cannot use TDL \S+: line \d+, element [\w:/<>{}.-]+: ./);
    }
  });

  it('has names that are there once', () => {
    const names = corpus.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('differs from Oz only as DEVIATIONS.md tells', () => {
    const told = readFileSync(new URL('../../compat/DEVIATIONS.md', import.meta.url), 'utf8');
    for (const reason of [...reasons, ...configReasons]) expect(told).toContain(`- \`${reason}\`:`);
    const used = new Set(corpus.map(({ reason }) => reason));
    for (const reason of reasons) expect(used).toContain(reason);
  });
});

describe('tdl.rng', () => {
  const schema = libxml2.XmlDocument.fromString(
    readFileSync(new URL('../../src/tdl/tdl.rng', import.meta.url), 'utf8'),
  );
  const validator = libxml2.RelaxNGValidator.fromDoc(schema);
  afterAll(() => {
    validator.dispose();
    schema.dispose();
  });

  const { ParseOption } = libxml2;
  const valid = (text: string): boolean | undefined => {
    let document: InstanceType<typeof libxml2.XmlDocument>;
    try {
      document = libxml2.XmlDocument.fromString(text, {
        option: ParseOption.XML_PARSE_NOENT | ParseOption.XML_PARSE_NO_XXE,
      });
    } catch {
      return undefined;
    }
    try {
      validator.validate(document);
      return true;
    } catch {
      return false;
    } finally {
      document.dispose();
    }
  };

  it('says the same as the explanations of shape.ts', async () => {
    const disagreements: string[] = [];
    for (const [index, test] of corpus.entries()) {
      if (typeof test.text !== 'string' || test.mergePackages || test.mergeRepositories) continue;
      if (test.text.includes('XInclude') || test.text.startsWith('<packages')) continue;
      const byGrammar = valid(test.text);
      if (byGrammar === undefined) continue;
      const line = await verdict(index);
      if (byGrammar === line.includes('OZ_TDL_SCHEMA')) disagreements.push(line);
    }
    expect(disagreements).toEqual([]);
  });
});
