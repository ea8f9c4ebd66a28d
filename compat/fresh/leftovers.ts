/** What an interrupted build left in a box: guests that run, disks, temporary folders. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Box } from './box.ts';
import { diskBytes } from './disks.ts';
import { processesNamed } from './processes.ts';

/** Where builds keep what lives no longer than they do. */
const folders = ['/tmp', '/var/tmp', '/var/lib/libvirt/images', '/var/lib/oz/ledger'];

/** Nothing, or names for people. Not Ozma's are: a manual's cache, npm's folders. */
export async function leftovers(box: Box): Promise<string[]> {
  const guests = await processesNamed(box, /^qemu-/);
  const disks = await diskBytes(box.outside(box.home));
  const ledger = path.join(box.home, '.oz/ledger');
  const entries = await Promise.all(
    [...folders, ledger].map(async (folder) => {
      const names = await readdir(box.outside(folder)).catch(() => []);
      return names.map((name) => path.join(folder, name)).filter((name) => !foreign.test(name));
    }),
  );
  return [...guests.values(), ...disks.keys(), ...entries.flat()];
}

const foreign = /^\/tmp\/(?:npm-|node-compile-cache|v8-compile-cache)/;
