/** The packed tool, as `npm install -g` puts it on a bare machine. */
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { packageVersion } from '../../src/base/package-root.ts';
import type { Box } from './box.ts';
import { type CellContext, failed, mustSucceed } from './cell.ts';
import { asRoot } from './hinted.ts';

/** Packs in a box that has the development packages; returns a box that has not, with the file. */
async function packed(context: CellContext): Promise<{ box: Box; file: string }> {
  const { box, folder } = await context.openClone();
  mustSucceed('npm ci', await box.run('npm ci', { cwd: folder }));
  mustSucceed('npm pack', await box.run('npm pack', { cwd: folder }));
  const name = `ozma-${packageVersion()}.tgz`;
  const bare = await context.openBox();
  const file = path.join(bare.home, name);
  await copyFile(box.outside(path.join(folder, name)), bare.outside(file));
  await box.close();
  return { box: bare, file };
}

/** A bare machine with the packed tool installed for everybody, and nothing else of ours. */
export async function openPacked(context: CellContext): Promise<Box> {
  const { box, file } = await packed(context);
  const line = asRoot(box, `npm install -g ${file}`);
  mustSucceed(line, await box.run(line));
  const version = await box.run('oz --version');
  mustSucceed('oz --version', version);
  if (!version.text.includes(packageVersion())) {
    throw failed(`oz --version does not print ${packageVersion()}`, version.text);
  }
  return box;
}
