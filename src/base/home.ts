/** Where a user's own files are. */
import os from 'node:os';
import { OzError } from './errors.ts';

/** Throws `OZ_HOME`: users of containers need not be in the system's list of them. */
export function homeOf(env: Readonly<Record<string, string | undefined>>): string {
  if (env.HOME) return env.HOME;
  try {
    return os.userInfo().homedir; // os.homedir() gives an empty HOME back
  } catch (error) {
    throw new OzError('OZ_HOME', 'Cannot find the home directory of this user', {
      hint: 'set HOME',
      cause: error,
    });
  }
}
