/** What a row's program says of its run. */
import { OzError } from '../../src/base/errors.ts';
import type { Result } from './results.ts';

export type Reported = Pick<Result, 'figures' | 'seed'>;

/** What a program prints instead of a report: its figures by name, and the samples that were bad. */
function printed(all: Record<string, unknown>): Reported {
  const { seed, ...others } = all;
  const scalar = Object.entries(others).filter(
    (entry): entry is [string, string | number] =>
      typeof entry[1] === 'number' || typeof entry[1] === 'string',
  );
  const figures = Object.fromEntries(scalar);
  return typeof seed === 'number' || typeof seed === 'string' ? { seed, figures } : { figures };
}

/**
 * Reads a report: `{ seed?, figures }`, a list with one of it, or the figures alone. No report has
 * no figures. Throws OZ_LONG_REPORT where it is something else.
 */
export function readReport(text: string): Reported {
  if (text.trim() === '') return { figures: {} };
  const parsed: unknown = JSON.parse(text);
  const list: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  const only = list[0];
  if (list.length === 1 && typeof only === 'object' && only !== null) {
    const { seed, figures } = only as Partial<Reported>;
    if (figures === undefined) return printed(only as Record<string, unknown>);
    if (typeof figures === 'object') return seed === undefined ? { figures } : { seed, figures };
  }
  throw new OzError('OZ_LONG_REPORT', 'Cannot read the report: it is not one run with figures');
}

/** The same of a program that ended with `code`: one that failed is recorded whatever it printed. */
export function reportedBy(text: string, code: number): Reported {
  try {
    return readReport(text);
  } catch (error) {
    if (code === 0) throw error;
    return { figures: {} };
  }
}
