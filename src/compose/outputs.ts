/** Where results go. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, messageOf, OzError } from '../base/errors.ts';

/** Refuses an output that could not be written after a long build. */
export async function checkOutputs(files: readonly (string | undefined)[]): Promise<void> {
  for (const file of files) {
    if (file === undefined) continue;
    try {
      await access(path.dirname(file), constants.W_OK | constants.X_OK);
    } catch (error) {
      const why = codeOf(error) === 'ENOENT' ? 'its directory does not exist' : messageOf(error);
      throw new OzError('OZ_OUTPUT', `Cannot write ${file}: ${why}`, {
        hint: 'create the directory, or name another file',
        cause: error,
      });
    }
  }
}
