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

const checkDirectory = (directory: string) => access(directory, constants.W_OK | constants.X_OK);

async function checkOutput(file: string): Promise<void> {
  await refuseDirectory(file);
  const found = await targetOf(file);
  if (isStream(file, found)) return access(file, constants.W_OK);
  return checkDirectory(path.dirname(await behindLinks(file)));
}

/** Words a refusal of what is behind a name. */
async function checked(name: string, checking: Promise<void>): Promise<void> {
  try {
    await checking;
  } catch (error) {
    if (error instanceof OzError) throw error;
    const why = codeOf(error) === 'ENOENT' ? 'no such directory' : messageOf(error);
    throw new OzError('OZ_OUTPUT', `Cannot write ${name}: ${why}`, {
      hint: 'create the directory, or name another file',
      cause: error,
    });
  }
}

/**
 * Refuses outputs that could not be written after a long build. `directory`: where one goes whose
 * name is not known yet.
 */
export async function checkOutputs(
  files: readonly (string | undefined)[],
  directory?: string,
): Promise<void> {
  for (const file of files) if (file !== undefined) await checked(file, checkOutput(file));
  if (directory !== undefined) await checked(`into ${directory}`, checkDirectory(directory));
}
