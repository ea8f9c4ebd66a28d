/** The commands that the README tells its reader to type. */
import { readFile } from 'node:fs/promises';
import { packageFile } from '../../src/base/package-root.ts';
import { failed } from './cell.ts';

/** Lines of code blocks (four blanks or fences), without their comments. */
export function commandsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^(?: {4})?([a-z][^\n]*?)(?: +#[^\n]*)?$/gm)].map((m) => m[1] ?? '');
}

/** The command that starts so, as the README has it. */
export async function readmeCommand(start: string): Promise<string> {
  const found = commandsOf(await readFile(packageFile('README.md'), 'utf8')).find(
    (line) => line === start || line.startsWith(`${start} `),
  );
  if (!found) throw failed(`the README does not tell its reader to type: ${start}`);
  return found;
}
