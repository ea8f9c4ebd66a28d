/** TDL texts for tests, and what a refusal says. */
import { OzError } from '../../src/base/errors.ts';
import { parseTdl } from '../../src/tdl/parse.ts';
import type { Tdl } from '../../src/tdl/types.ts';

export { template } from '../../compat/tdl/corpus.ts';

export function parse(text: string, source = '/tdl/test.tdl'): Promise<Tdl> {
  return parseTdl(text, { source });
}

/** The OzError of a promise that must be refused. */
export async function refusal(promise: Promise<unknown>): Promise<OzError> {
  const outcome = await promise.then(
    () => new Error('accepted'),
    (error: unknown) => error,
  );
  if (outcome instanceof OzError) return outcome;
  throw outcome;
}
