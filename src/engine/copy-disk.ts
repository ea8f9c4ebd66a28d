/** Copies a guest's disk into a file of this machine, wherever the disk is. */
import { chmod, rename } from 'node:fs/promises';
import path from 'node:path';
import type { ProgressListener, StagedDisk } from '../../backends/backend.ts';
import { inPassingDirectory } from '../base/passing-directory.ts';
import { checkConverter, checkImage, convertImage } from '../image/convert.ts';
import { runSpec } from '../plan/guest-spec.ts';
import type { WorkContext } from './build-context.ts';

export interface CopyDiskOptions {
  format: string;
  compress?: boolean;
  onProgress: ProgressListener;
}

/** Most clouds give images as qcow2; all other formats are made here, for certain. */
export async function checkFormat(
  format: string | undefined,
  options: { signal?: AbortSignal | undefined },
): Promise<void> {
  if (format !== undefined && format !== 'qcow2') await checkConverter(format, options);
}

/** Writes the file, which may be there half when this process is killed. */
async function write(
  context: WorkContext,
  disk: StagedDisk,
  file: string,
  { format, compress, onProgress }: CopyDiskOptions,
): Promise<void> {
  const { plan, backend, signal } = context;
  if (disk.remote) {
    const guest = await backend.createGuest(runSpec(plan, { disk, media: [], consoleLog: '' }), {
      signal,
    });
    try {
      return await guest.exportDisk(file, format, { signal, onProgress });
    } finally {
      await guest.destroy({ signal });
    }
  }
  await checkImage(disk.ref, disk.format, { signal });
  await convertImage(disk.ref, file, {
    format,
    sourceFormat: disk.format,
    compress: compress ?? false,
    signal,
    onProgress,
  });
}

/**
 * The target appears whole or not at all, readable by its owner alone: it holds password hashes.
 * Until then it is in a directory beside it, which the next run clears should this one be killed.
 */
export async function copyDisk(
  context: WorkContext,
  disk: StagedDisk,
  target: string,
  options: CopyDiskOptions,
): Promise<void> {
  const { plan, ledger } = context;
  const beside = path.dirname(target);
  await inPassingDirectory(ledger, beside, `.${plan.name}.ozma-`, async (dir) => {
    const file = path.join(dir, path.basename(target));
    await write(context, disk, file, options);
    await chmod(file, 0o600);
    await rename(file, target);
  });
}
