/** The template that builds begin with, from an installer that this machine reaches. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { packageFile } from '../../src/base/package-root.ts';
import { adaptTdl } from '../demo/adapt-tdl.ts';
import { findInstallerTree } from '../demo/installer-tree.ts';
import type { Box } from './box.ts';
import type { CellContext } from './cell.ts';
import { giveFile } from './give.ts';

/** Acts with the template's path in the box, while its installer is served. */
export async function withExample<T>(
  context: CellContext,
  box: Box,
  act: (tdl: string) => Promise<T>,
): Promise<T> {
  const text = await readFile(packageFile('tdl-examples/debian-13.tdl'), 'utf8');
  const wanted = /<url>\s*([^<\s]*)\s*<\/url>/.exec(text)?.[1] ?? '';
  const tree = await findInstallerTree(wanted, context.say, context.signal);
  try {
    const tdl = path.join(box.home, 'debian-13.tdl');
    await giveFile(box, tdl, adaptTdl(text, tree.url, tree.kernelparam));
    return await act(tdl);
  } finally {
    await tree.close();
  }
}
