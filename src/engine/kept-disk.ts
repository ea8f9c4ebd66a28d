/** An installed disk outlives the failure of making an image of it: that can be done once more by hand. */
import { rename } from 'node:fs/promises';
import type { StagedDisk } from '../../backends/backend.ts';
import { OzError } from '../base/errors.ts';
import { commandLine } from '../base/shell-words.ts';
import { imageFormat } from '../image/formats.ts';
import { wordWriteFailure } from '../media/write-failure.ts';
import type { BuildContext } from './build-context.ts';

/** The same error, with more to type or to know. */
export function withHint(error: unknown, more: string): unknown {
  if (!(error instanceof OzError)) return error;
  const { code, message, hint, exitCode, cause } = error;
  return new OzError(code, message, { hint: hint ? `${hint}; ${more}` : more, exitCode, cause });
}

/** Moves the disk beside the image to be, which takes no room; returns the error that says so. */
export async function keepingInstalled(
  { plan, signal }: BuildContext,
  disk: StagedDisk,
  error: unknown,
): Promise<unknown> {
  if (signal?.aborted || disk.remote) return error;
  const { image, imageType } = plan.outputs;
  const kept = `${image}.installed`;
  const moved = await rename(disk.ref, kept).then(
    () => true,
    () => false, // the first error says more
  );
  if (!moved) return error;
  const formats = ['-f', imageFormat(disk.format).driver, '-O', imageFormat(imageType).driver];
  const convert = commandLine(['qemu-img', 'convert', ...formats, kept, image]);
  const why = wordWriteFailure(error, image, `write the image ${image}`);
  return withHint(why, `the installed disk is kept: ${convert}`);
}
