/** Whether a guest has written to its disk, judged by the disk: looks at a running guest come too late. */
import type { StagedDisk } from '../../backends/backend.ts';
import { messageOf } from '../base/errors.ts';
import type { WorkContext } from './build-context.ts';

/** Null where the place does not tell. */
export type HasWritten = () => Promise<boolean | null>;

/** To be called before the guest is started; the returned function when it has ended. */
export async function watchDisk(
  { backend, emit, signal }: Pick<WorkContext, 'backend' | 'emit' | 'signal'>,
  disk: StagedDisk,
): Promise<HasWritten> {
  const size = async () => {
    try {
      return (await backend.allocated?.(disk, { signal })) ?? null;
    } catch (error) {
      signal?.throwIfAborted();
      emit({ type: 'log', level: 'debug', text: messageOf(error) });
      return null;
    }
  };
  const before = await size();
  // One with all its room from the start (a logical volume, a raw disk on vfat or CIFS) never grows.
  const grows = before !== null && before < disk.size;
  const hasGrown = async () => {
    const after = grows ? await size() : null;
    return after === null || before === null ? null : after > before;
  };
  return async () => {
    const grown = await hasGrown();
    if (grown !== false) return grown;
    // Some file systems count what is written only when it is in its place.
    await backend.syncDisk(disk, { signal });
    return hasGrown();
  };
}
