/** Where results go. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, OzError } from '../base/errors.ts';
import { systemHint, whyOf } from '../base/system-errors.ts';
import { type Obstacle, obstacleIn } from '../base/usable-directory.ts';
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
    const why = codeOf(error) === 'ENOENT' ? 'no such directory' : whyOf(error);
    throw new OzError('OZ_OUTPUT', `Cannot write ${name}: ${why}`, {
      hint: systemHint(error, 'create the directory, or name another file'),
      cause: error,
    });
  }
}

/** -p would remove a device, a FIFO or a socket, and the image be put in its place. */
async function isDevice(file: string): Promise<Obstacle | null> {
  const found = await targetOf(file).catch(() => null);
  return found && !found.isFile() ? { why: 'it is not a regular file', never: true } : null;
}

/** What keeps an image from being written; it may be in a directory that is still to be made. */
async function obstacleTo(file: string): Promise<(Obstacle & { error: OzError }) | null> {
  const obstacle = (await isDevice(file)) ?? (await obstacleIn(path.dirname(file)));
  if (!obstacle) return null;
  const error = new OzError('OZ_OUTPUT', `Cannot write the image ${file}: ${obstacle.why}`, {
    hint: 'name another file with -s, or set output_dir in [paths] of oz.cfg',
  });
  return { ...obstacle, error };
}

/** Refuses an image that nobody could write there; what only rights keep from it is returned. */
export async function refuseImpossible(image: string): Promise<OzError | null> {
  await refuseDirectory(image);
  const obstacle = await obstacleTo(image);
  if (obstacle?.never) throw obstacle.error;
  return obstacle?.error ?? null;
}

/** What to do where a data_dir can't be used. */
export const otherDataDir = 'set [paths] data_dir in oz.cfg to a directory that you may write';

/** Refuses a data_dir that nobody could use. Throws OZ_DATA_DIR. */
export async function refuseImpossibleData(dir: string): Promise<void> {
  const obstacle = await obstacleIn(dir);
  if (!obstacle?.never) return;
  throw new OzError('OZ_DATA_DIR', `Cannot use the data directory ${dir}: ${obstacle.why}`, {
    hint: otherDataDir,
  });
}

/** What the user should know of the place where the evidence of a failure goes. */
export async function evidenceWarnings(dir: string): Promise<string[]> {
  const obstacle = await obstacleIn(path.dirname(dir));
  if (!obstacle) return [];
  return [
    `a failure would leave no evidence: screenshot_dir in [paths] of oz.cfg can't be used: ${obstacle.why}`,
  ];
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
