/** Held while an image is made or worked on, so that no command takes it away below another one. */
import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import path from 'node:path';
import { OzError } from '../base/errors.ts';
import { withLock } from '../media/lock.ts';

/**
 * The image itself, not a link to it, so that all who work on it find the same lock; but for a link
 * to where this user may make none.
 */
async function lockedName(image: string): Promise<string> {
  try {
    const real = await realpath(image);
    await access(path.dirname(real), constants.W_OK);
    return real;
  } catch {
    return image; // not there yet, most often
  }
}

/** `action`: what is refused where another one has it, with OZ_BUILD_RUNS: "build x". */
export async function withImageLock<T>(
  image: string,
  action: string,
  use: () => Promise<T>,
): Promise<T> {
  const name = await lockedName(image);
  const file = path.join(path.dirname(name), `.${path.basename(name)}.lock`);
  const onWait = (holder: number | null) => {
    const who = `another command${holder ? ` (process ${holder})` : ''}`;
    throw new OzError('OZ_BUILD_RUNS', `Cannot ${action}: ${who} is at work on ${image}`, {
      hint: 'wait for it to end, then run this again',
    });
  };
  return withLock(file, { onWait }, use);
}
