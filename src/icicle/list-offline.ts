/** The packages of a system whose disk is here and that is not started: by its own programs, in libguestfs' appliance. */
import { inDisk, type OfflineOptions } from '../customize/offline.ts';
import { listingCommand, packagesFrom } from './list-packages.ts';
import type { IciclePackage } from './xml.ts';

/**
 * As listPackages(). The guest's programs must be for this machine's
 * architecture. What they write stays on the disk, so give it a copy. Throws
 * OZ_OFFLINE, OZ_ICICLE_EXTRA.
 */
export async function listOffline(
  disk: string,
  lister: string,
  extraCommand: string | undefined,
  options: OfflineOptions = {},
): Promise<IciclePackage[]> {
  const command = listingCommand(lister);
  return inDisk(disk, { ...options, programs: true }, async (fish) => {
    const list = await fish.command('sh', command);
    const extra = extraCommand?.trim() ? await fish.command('sh', extraCommand) : undefined;
    return packagesFrom(lister, list, extra);
  });
}
