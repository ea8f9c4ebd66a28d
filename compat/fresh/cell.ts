/** What a cell is: one suite, one user, one thing to do on a bare machine of theirs. */
import { OzError } from '../../src/base/errors.ts';
import type { Box, BoxResult, BoxUser } from './box.ts';

export interface CellContext {
  suite: string;
  user: BoxUser;
  /** Opens a bare machine; all of them are closed when the cell ends. */
  openBox(): Promise<Box>;
  /** The same with the project cloned, and where it is. */
  openClone(): Promise<{ box: Box; folder: string }>;
  mirror: string | undefined;
  say(line: string): void;
  signal: AbortSignal;
}

/** Facts for the report, by name. */
export type Figures = Record<string, string | number>;

export type Cell = (context: CellContext) => Promise<Figures>;

/** The last lines of a text that are not empty. */
export function lastLines(text: string, count: number): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-count).join('\n');
}

/** Throws OZ_FRESH_FAILED with the command's last lines unless it succeeded. */
export function mustSucceed(what: string, { code, text }: BoxResult): void {
  if (code !== 0) throw failed(`${what} ended with ${code}`, text);
}

/** The failure of a cell; `text` is what was printed before. */
export function failed(why: string, text = ''): OzError {
  const end = lastLines(text, 40);
  return new OzError('OZ_FRESH_FAILED', end ? `${why}. Its last lines:\n${end}` : why);
}
