/** Where results go. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, messageOf, OzError } from '../base/errors.ts';
import { behindLinks, isStream, targetOf } from '../base/write-output.ts';

/** Refuses an output that is a directory; what is not there may still be made. */
export async function refuseDirectory(file: string): Promise<void> {
  const found = await targetOf(file).catch(() => null);
  if (!found?.isDirectory()) return;
  throw new OzError('OZ_OUTPUT', `Cannot write ${file}: it is a directory`, {
    hint: 'name a file',
  });
}

async function checkOutput(file: string): Promise<void> {
  await refuseDirectory(file);
  const found = await targetOf(file);
  if (isStream(file, found)) return access(file, constants.W_OK);
  const directory = path.dirname(await behindLinks(file));
  await access(directory, constants.W_OK | constants.X_OK);
}

/** Refuses an output that could not be written after a long build. */
export async function checkOutputs(files: readonly (string | undefined)[]): Promise<void> {
  for (const file of files) {
    if (file === undefined) continue;
    try {
      await checkOutput(file);
    } catch (error) {
      if (error instanceof OzError) throw error;
      const why = codeOf(error) === 'ENOENT' ? 'its directory does not exist' : messageOf(error);
      throw new OzError('OZ_OUTPUT', `Cannot write ${file}: ${why}`, {
        hint: 'create the directory, or name another file',
        cause: error,
      });
    }
  }
}
