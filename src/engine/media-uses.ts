/** When a build lets go of its media, and what they are called to its user. */
import { OzError } from '../base/errors.ts';
import { whyOf } from '../base/system-errors.ts';
import type { BuildContext } from './build-context.ts';

type Context = Pick<BuildContext, 'uses' | 'ledger' | 'emit'>;
type Use = BuildContext['uses'][number];

/** Each once, whatever becomes of the others: an image that is finished is not lost by them. */
async function letGo(context: Context, how: (one: Use) => Promise<void>): Promise<void> {
  for (const one of context.uses.splice(0)) {
    await how(one).catch((error: unknown) => {
      const text = `cannot let go of ${one.file} yet: ${whyOf(error)}; the next run tries again`;
      context.emit({ type: 'log', level: 'error', text });
    });
  }
}

/** Not before the guest that has them is gone. */
export function endUses(context: Context, { drop }: { drop: boolean }): Promise<void> {
  return letGo(context, ({ use, keep }) => use.end({ drop: drop && !keep }));
}

/**
 * Before all is kept after a failure: media stay pinned where a guest is kept that may want them
 * again, and are among what the user is told of.
 */
export async function settleUses(context: Context): Promise<void> {
  const guestStays = context.ledger.entries().some(({ place }) => place !== 'file');
  if (!guestStays) return endUses(context, { drop: false });
  return letGo(context, ({ use }) => use.leave());
}

/** The error with media by the names that the user knows, not the build's own. */
export function namesMedia(error: unknown, { uses }: Pick<Context, 'uses'>): unknown {
  if (!(error instanceof OzError)) return error;
  const { code, message, hint, exitCode, evidence, cause } = error;
  const named = (text: string) =>
    uses.reduce((all, { use, file }) => all.replaceAll(use.pin, file), text);
  if (named(message) === message) return error;
  return new OzError(code, named(message), {
    hint: hint && named(hint),
    exitCode,
    evidence,
    cause,
  });
}
