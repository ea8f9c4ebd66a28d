/** Udebs that a mirror lacks, made of the files of the ordinary packages. */
import path from 'node:path';
import { copyFileTo, filesBelow } from '../lib/files.ts';
import type { Build, InstallerTree } from './build.ts';
import { rebuilt } from './tables.ts';
import { isMissing, makeUdeb } from './udeb.ts';

export async function makeRebuiltUdebs(build: Build, tree: InstallerTree): Promise<void> {
  const made: string[] = [];
  for (const [name, { packages, files }] of Object.entries(rebuilt)) {
    if (!(await isMissing(build, tree, name))) continue;
    const from = path.join(build.scratch, 'rebuilt', name);
    const top = path.join(build.scratch, 'udeb', name);
    for (const each of packages) await build.archive.unpack(each, from);
    for (const file of await filesBelow(from)) {
      if (files.some((wanted) => wanted.test(file))) {
        await copyFileTo(path.join(from, file), path.join(top, file));
      }
    }
    await makeUdeb(build, name, top);
    made.push(name);
  }
  build.say(`rebuilt: ${made.join(' ') || 'nothing'}`);
}
