/** Figures that documents state: each `<!-- row: NAME key -->` stands behind the figure of a run. */
import { readFile } from 'node:fs/promises';
import { packageFile } from '../../src/base/package-root.ts';
import { runTool } from '../../src/base/run-tool.ts';
import type { Result } from './results.ts';

export interface Stated {
  row: string;
  key: string;
  /** The number before the marker, without the commas of thousands; undefined where there is none. */
  figure: number | undefined;
  line: number;
}

/** One in backticks is only spoken of. */
const marker = /(?<!`)<!-- row: (\S+) (\S+) -->/g;
const number = /\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?/g;

/** Every figure that a document says to have from a run. */
export function statedFigures(markdown: string): Stated[] {
  return markdown.split('\n').flatMap((text, index) => {
    let from = 0;
    return [...text.matchAll(marker)].map((found) => {
      const before = text.slice(from, found.index);
      from = found.index + found[0].length;
      const last = before.match(number)?.at(-1)?.replaceAll(',', '');
      const figure = last === undefined ? undefined : Number(last);
      return { row: found[1] ?? '', key: found[2] ?? '', figure, line: index + 1 };
    });
  });
}

/** Whether a passed run of the row shows that figure. */
export function isHeld({ row, key, figure }: Stated, results: readonly Result[]): boolean {
  if (figure === undefined) return false;
  return results
    .filter((result) => result.row === row && result.verdict === 'passed')
    .some((result) => {
      const value = key === 'seconds' ? result.seconds : result.figures[key];
      return value !== undefined && Number(value) === figure;
    });
}

/** A line for each figure of the project's documents that no run shows. */
export async function unheldFigures(results: readonly Result[]): Promise<string[]> {
  const list = ['-c', 'safe.directory=*', '-C', packageFile(), 'ls-files', '-z', '--', '*.md'];
  const { stdout } = await runTool('git', list);
  const files = stdout.toString().split('\0').filter(Boolean);
  const found = await Promise.all(
    files.map(async (file) => {
      const stated = statedFigures(await readFile(packageFile(file), 'utf8'));
      return stated
        .filter((each) => !isHeld(each, results))
        .map(({ row, key, figure, line }) => {
          return `${file}:${line}: ${figure ?? 'no figure'}: no passed run of ${row} has that ${key}`;
        });
    }),
  );
  return found.flat();
}
