/** Names for files that are in the guest for a moment only. */
import { randomBytes } from 'node:crypto';

/** A name that nobody can have taken. */
export function passingName(): string {
  return `/var/tmp/.${randomBytes(12).toString('hex')}`;
}
