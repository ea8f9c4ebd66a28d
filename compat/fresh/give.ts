/** Puts a file into a box, as its user's own. */
import { chown, writeFile } from 'node:fs/promises';
import { ordinaryUser } from './base.ts';
import type { Box } from './box.ts';

export async function giveFile(box: Box, inside: string, text: string): Promise<void> {
  const file = box.outside(inside);
  await writeFile(file, text);
  if (box.user !== 'root') await chown(file, ordinaryUser.uid, ordinaryUser.uid);
}
