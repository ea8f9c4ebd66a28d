/** Text files of a disk whose guest is not running. */
import type { Guestfish } from './guestfish.ts';

export type WriteText = (file: string, text: string) => Promise<void>;

/** Empty when there is no such file. */
export async function readText(fish: Guestfish, file: string): Promise<string> {
  return (await fish.is('is-file', file)) ? fish.command('cat', file) : '';
}
