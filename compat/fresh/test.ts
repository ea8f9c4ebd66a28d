/** README's second command, `npm test`, to its end. */
import { type CellContext, type Figures, failed, mustSucceed } from './cell.ts';
import { readmeCommand } from './readme.ts';

const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/** What vitest counts in its last lines: `Tests  2 failed | 1200 passed | 1 skipped (1203)`. */
export function counts(text: string): Figures {
  const line = [...text.replace(escapes, '').matchAll(/^\s*Tests\s+(.*)$/gm)].at(-1)?.[1] ?? '';
  const found = [...line.matchAll(/(\d+) (passed|failed|skipped)/g)];
  return Object.fromEntries(found.map(([, count, what]) => [what ?? '', Number(count)]));
}

export async function test(context: CellContext): Promise<Figures> {
  const command = await readmeCommand('npm test');
  const { box, folder } = await context.openClone();
  const result = await box.run(command, { cwd: folder });
  const figures = counts(result.text);
  mustSucceed(command, result);
  if (!figures.passed) throw failed(`${command} ran no test`, result.text);
  context.say(`${figures.passed} passed, ${figures.skipped ?? 0} skipped`);
  return figures;
}
