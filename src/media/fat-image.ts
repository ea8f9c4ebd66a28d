/** Files in FAT images: the boot floppies of the oldest installers. */
import { rm } from 'node:fs/promises';
import { messageOf, OzError } from '../base/errors.ts';
import { runTool } from '../base/run-tool.ts';

export interface FatOptions {
  signal?: AbortSignal | undefined;
}

/** Copies one file out of a FAT image. Throws OzError OZ_FAT_IMAGE. */
export async function extractFromFat(
  image: string,
  name: string,
  to: string,
  { signal }: FatOptions = {},
): Promise<void> {
  await rm(to, { force: true });
  const env = { MTOOLSRC: '/dev/null', MTOOLS_SKIP_CHECK: '1' };
  try {
    await runTool('mcopy', ['-n', '-i', image, `::${name}`, to], { signal, env });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof OzError && error.code === 'OZ_TOOL_MISSING') throw error;
    throw new OzError('OZ_FAT_IMAGE', `Cannot read ${name} in ${image}: ${messageOf(error)}`, {
      hint: 'the installer is of another version than the TDL says, or its download is damaged',
      cause: error,
    });
  }
}
