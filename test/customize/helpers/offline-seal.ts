/**
 * Seals a disk from outside, by the list that the unlocking left on it: what the
 * sealing in a running guest does with that list.
 */
import { parseUndo, type UndoStep, undoList } from '../../../src/customize/access-undo.ts';
import type { Guestfish } from '../../../src/customize/guestfish.ts';
import { inDisk, type OfflineOptions } from '../../../src/customize/offline.ts';
import { readText, type WriteText } from '../../../src/customize/offline-text.ts';
import { keyBlob } from '../../../src/customize/seal.ts';

const sshDir = '/root/.ssh';
const keysFile = `${sshDir}/authorized_keys`;

async function undoStep(fish: Guestfish, { verb, path: file, target }: UndoStep): Promise<void> {
  if (verb === 'rm') await fish.command('rm-f', file);
  else if (verb === 'mv' && target && (await fish.is('is-file', file))) {
    await fish.command('mv', file, target);
  } else if (verb === 'rmdir' && (await fish.is('is-dir', file))) {
    if ((await fish.command('ls', file)).trim() === '') await fish.command('rmdir', file);
  }
}

/** Takes this key out of root's authorized_keys; what others have put there stays. */
async function dropKey(fish: Guestfish, write: WriteText, publicKey: string): Promise<void> {
  const text = await readText(fish, keysFile);
  const blob = keyBlob(publicKey);
  if (blob === '' || !text.includes(blob)) return;
  const rest = text.split('\n').filter((line) => !line.includes(blob));
  if (rest.some((line) => line.trim() !== '')) return write(keysFile, rest.join('\n'));
  await fish.command('rm-f', keysFile);
  if ((await fish.command('ls', sshDir)).trim() === '') await fish.command('rmdir', sshDir);
}

/** Takes back what offlineUnlock() did to let this key in. */
export async function offlineSeal(
  disk: string,
  publicKey: string,
  options: OfflineOptions = {},
): Promise<void> {
  await inDisk(disk, options, async (fish, write) => {
    await dropKey(fish, write, publicKey);
    for (const step of parseUndo(await readText(fish, undoList))) await undoStep(fish, step);
    await fish.command('rm-f', undoList);
  });
}
