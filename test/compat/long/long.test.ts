import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isHeld, statedFigures, unheldFigures } from '../../../compat/long/documents.ts';
import { readReport, reportedBy } from '../../../compat/long/report.ts';
import { appendResult, type Result, readResults, stateOf } from '../../../compat/long/results.ts';
import { reportWord, rows } from '../../../compat/long/rows.ts';
import { packageFile } from '../../../src/base/package-root.ts';

const result: Result = {
  row: 'a',
  date: '2026-11-30T18:00:00.000Z',
  commit: 'c0ffee',
  sources: 'digest',
  clean: true,
  seconds: 1203,
  verdict: 'passed',
  figures: { images: 60 },
};

const { scripts } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8'));
const isScript = (word: string) => word in scripts;

/** A program, and all files of the project that it imports, on however long a way. */
function partsOf(file: string, known = new Set<string>()): string[] {
  if (known.has(file)) return [];
  known.add(file);
  const text = readFileSync(packageFile(file), 'utf8');
  for (const [, named = ''] of text.matchAll(/(?:from|import\() ?'(\.[^']+)'/g))
    partsOf(path.join(path.dirname(file), named), known);
  return [...known];
}

describe('rows', () => {
  it('have a name each, folders that exist, and a program', () => {
    const names = rows.map((row) => row.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => /^fresh-.*-(?:demo|test|pack)$/.test(name))).toHaveLength(12);
    for (const { command, sources } of rows) {
      for (const source of sources) expect(existsSync(packageFile(source)), source).toBe(true);
      const [program, , named = ''] = command.filter((word) => !word.startsWith('-'));
      const found = program === 'npm' ? named in scripts : existsSync(packageFile(named));
      expect(found, command.join(' ')).toBe(true);
    }
  });

  it('are about all that their programs are made of', () => {
    const programs = rows.flatMap(({ command, sources }) => {
      const typed = command[0] === 'npm' ? (scripts[command.find(isScript) ?? ''] ?? '') : '';
      const file = /compat\/\S+\.ts/.exec(typed || command.join(' '))?.[0];
      return file && !/vitest/.test(typed) ? [{ file, sources }] : [];
    });
    expect(programs.length).toBeGreaterThan(18);
    for (const { file, sources } of programs) {
      const others = partsOf(file).filter(
        (part) => !sources.some((source) => part === source || part.startsWith(`${source}/`)),
      );
      expect(others, file).toEqual([]);
    }
  });

  it('of bare machines leave a report', () => {
    for (const row of rows.filter(({ name }) => name.startsWith('fresh-'))) {
      expect(row.command.at(-1)).toBe(reportWord);
    }
  });
});

describe('results', () => {
  let file: string;
  beforeEach(() => {
    file = path.join(mkdtempSync(path.join(tmpdir(), 'long-')), 'RESULTS.json');
  });
  afterEach(() => rmSync(path.dirname(file), { recursive: true, force: true }));

  it('are appended', async () => {
    expect(await readResults(file)).toEqual([]);
    await appendResult(result, file);
    await appendResult({ ...result, row: 'b', seed: 7 }, file);
    expect((await readResults(file)).map(({ row, seed }) => [row, seed])).toEqual([
      ['a', undefined],
      ['b', 7],
    ]);
  });

  it.each([
    ['current', [result], 'digest'],
    ['missing', [{ ...result, row: 'b' }], 'digest'],
    ['outdated', [result], 'other'],
    ['outdated', [{ ...result, clean: false }], 'digest'],
    ['failed', [result, { ...result, verdict: 'failed' as const }], 'digest'],
    ['current', [{ ...result, verdict: 'failed' as const }, result], 'digest'],
  ])('are %s', (state, results, digest) => {
    expect(stateOf(results, 'a', digest)).toBe(state);
  });

  it('of the project are passed or failed runs of known rows', async () => {
    const names = new Set(rows.map((row) => row.name));
    for (const each of await readResults()) {
      expect(names, each.row).toContain(each.row);
      expect(each.commit).toMatch(/^[0-9a-f]{40}$/);
    }
  });
});

describe('figures in documents', () => {
  it('stand before their markers', () => {
    const text = 'none\n12 of 1,203 s <!-- row: a seconds -->, 60 <!-- row: a images -->\n';
    expect(statedFigures(text)).toEqual([
      { row: 'a', key: 'seconds', figure: 1203, line: 2 },
      { row: 'a', key: 'images', figure: 60, line: 2 },
    ]);
    expect(statedFigures('x <!-- row: a images -->')[0]?.figure).toBeUndefined();
    expect(statedFigures('put `<!-- row: a images -->` behind 60')).toEqual([]);
  });

  it.each([
    ['seconds', 1203, true],
    ['images', 60, true],
    ['images', 59, false],
    ['pairs', 60, false],
    ['images', undefined, false],
  ])('%s %s: %s', (key, figure, held) => {
    expect(isHeld({ row: 'a', key, figure, line: 1 }, [result])).toBe(held);
  });

  it('are not held by failed runs or other rows', () => {
    const stated = { row: 'a', key: 'images', figure: 60, line: 1 };
    expect(
      isHeld(stated, [
        { ...result, verdict: 'failed' },
        { ...result, row: 'b' },
      ]),
    ).toBe(false);
  });

  it("of the project's own are all held", async () => {
    expect(await unheldFigures(await readResults())).toEqual([]);
  });
});

describe('reports', () => {
  it('are one run, with or without a list around it', () => {
    expect(readReport('')).toEqual({ figures: {} });
    expect(readReport('{"seed":7,"figures":{"images":60}}')).toEqual({
      seed: 7,
      figures: { images: 60 },
    });
    expect(readReport('[{"verdict":"passed","figures":{}}]')).toEqual({ figures: {} });
    expect(readReport('{"seed":7,"images":60,"uri":"x","failed":[{}]}')).toEqual({
      seed: 7,
      figures: { images: 60, uri: 'x' },
    });
    expect(() => readReport('[]')).toThrow('it is not one run with figures');
    expect(() => readReport('{"figures":3}')).toThrow('it is not one run with figures');
  });

  it('needs none of a run that failed, whatever it printed', () => {
    expect(reportedBy('Error: no such file\n    at x', 1)).toEqual({ figures: {} });
    expect(reportedBy('[]', 1)).toEqual({ figures: {} });
    expect(reportedBy('{"figures":{"images":59}}', 1)).toEqual({ figures: { images: 59 } });
    expect(() => reportedBy('nothing of the kind', 0)).toThrow();
  });
});
