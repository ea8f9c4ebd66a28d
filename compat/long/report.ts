/** What a row's program says of its run. */
import { OzError } from '../../src/base/errors.ts';
import type { Result } from './results.ts';

export type Reported = Pick<Result, 'figures' | 'seed'>;

/**
 * Reads a report: `{ seed?, figures }`, or a list with one of it. No report has no figures.
 * Throws OZ_LONG_REPORT where it is something else.
 */
export function readReport(text: string): Reported {
  if (text.trim() === '') return { figures: {} };
  const parsed: unknown = JSON.parse(text);
  const list: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  const only = list[0] as Partial<Reported> | null | undefined;
  if (list.length === 1 && typeof only?.figures === 'object') {
    const { seed, figures } = only;
    return seed === undefined ? { figures } : { seed, figures };
  }
  throw new OzError('OZ_LONG_REPORT', 'Cannot read the report: it is not one run with figures');
}
