/** When a build lets go of its media, and what they are called to its user. */
import { OzError } from '../base/errors.ts';
import type { BuildContext } from './build-context.ts';

type Context = Pick<BuildContext, 'uses' | 'ledger'>;

/** Not before the guest that has them is gone. */
export async function endUses({ uses }: Context, { drop }: { drop: boolean }): Promise<void> {
  for (const { use, keep } of uses.splice(0)) await use.end({ drop: drop && !keep });
}

/**
 * Before all is kept after a failure: media stay pinned where a guest is kept that may want them
 * again, and are among what the user is told of.
 */
export async function settleUses(context: Context): Promise<void> {
  const { uses, ledger } = context;
  const guestStays = ledger.entries().some(({ place }) => place !== 'file');
  if (!guestStays) return endUses(context, { drop: false });
  for (const { use } of uses.splice(0)) await use.leave();
}

/** The error with media by the names that the user knows, not the build's own. */
export function namesMedia(error: unknown, { uses }: Context): unknown {
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
