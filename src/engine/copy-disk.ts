/** Copies a guest's disk into a file of this machine, wherever the disk is. */
import type { ProgressListener, StagedDisk } from '../../backends/backend.ts';
import { checkImage, convertImage } from '../image/convert.ts';
import { runSpec } from '../plan/guest-spec.ts';
import type { WorkContext } from './build-context.ts';

export interface CopyDiskOptions {
  format: string;
  compress?: boolean;
  onProgress: ProgressListener;
}

/** The target appears whole or not at all. */
export async function copyDisk(
  context: WorkContext,
  disk: StagedDisk,
  target: string,
  { format, compress, onProgress }: CopyDiskOptions,
): Promise<void> {
  const { plan, backend, signal } = context;
  if (disk.remote) {
    const guest = await backend.createGuest(runSpec(plan, { disk, media: [], consoleLog: '' }), {
      signal,
    });
    try {
      return await guest.exportDisk(target, format, { signal, onProgress });
    } finally {
      await guest.destroy({ signal });
    }
  }
  await checkImage(disk.ref, disk.format, { signal });
  await convertImage(disk.ref, target, {
    format,
    sourceFormat: disk.format,
    compress: compress ?? false,
    signal,
    onProgress,
  });
}
