/** Files in FAT images: the boot floppies of the oldest installers. */
import { rm, stat } from 'node:fs/promises';
import { messageOf, OzError } from '../base/errors.ts';
import { runLimited } from '../base/limited-tool.ts';
import { inWords, limits } from '../base/limits.ts';

export interface FatOptions {
  signal?: AbortSignal | undefined;
  /** Bytes that are taken of the file; `limits.bootFile` unless told. */
  most?: number | undefined;
}

/** Copies one file out of a FAT image. Throws OzError OZ_FAT_IMAGE. */
export async function extractFromFat(
  image: string,
  name: string,
  to: string,
  { signal, most = limits.bootFile }: FatOptions = {},
): Promise<void> {
  await rm(to, { force: true });
  const env = { MTOOLSRC: '/dev/null', MTOOLS_SKIP_CHECK: '1' };
  try {
    const args = ['-n', '-i', image, `::${name}`, to];
    await runLimited('mcopy', args, { file: most }, { signal, env });
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof OzError && error.code === 'OZ_TOOL_MISSING') throw error;
    const { size } = await stat(to).catch(() => ({ size: 0 }));
    const why = size < most ? messageOf(error) : `it is larger than ${inWords(most)}`;
    throw new OzError('OZ_FAT_IMAGE', `Cannot read ${name} in ${image}: ${why}`, {
      hint: 'the installer is of another version than the TDL says, or its download is damaged',
      cause: error,
    });
  }
}
