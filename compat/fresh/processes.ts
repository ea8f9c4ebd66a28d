/** The processes of a box, by the names of their programs. */
import { readFile } from 'node:fs/promises';
import type { Box } from './box.ts';

export async function processesNamed(box: Box, pattern: RegExp): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (const id of await box.processes()) {
    const name = (await readFile(`/proc/${id}/comm`, 'utf8').catch(() => '')).trim();
    if (pattern.test(name)) found.set(id, name);
  }
  return found;
}
