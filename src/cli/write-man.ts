/** `npm run man`: writes the manual pages into dist/man and lets mandoc look at them. */
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { packageFile, packageVersion } from '../base/package-root.ts';
import { manPage, pageName } from './man.ts';
import * as tables from './options.ts';

/** The date of the release rather than of today, when the builder gives one. */
function pageDate(): string {
  const epoch = process.env.SOURCE_DATE_EPOCH;
  return new Date(epoch ? Number(epoch) * 1000 : Date.now()).toISOString().slice(0, 10);
}

const directory = packageFile('dist', 'man');
await mkdir(directory, { recursive: true });
const meta = { version: packageVersion(), date: pageDate() };
const files: string[] = [];
for (const spec of Object.values(tables)) {
  const file = `${directory}/${pageName(spec)}.1`;
  await writeFile(file, manPage(spec, meta));
  files.push(file);
}
process.stdout.write(`${files.join('\n')}\n`);
const lint = spawnSync('mandoc', ['-Tlint', '-Wwarning', ...files], { encoding: 'utf8' });
if (lint.error) process.stdout.write('mandoc is not installed: pages written, not checked\n');
else {
  process.stdout.write(lint.stdout + lint.stderr);
  process.exitCode = lint.status ?? 1;
}
