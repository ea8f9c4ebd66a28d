/** `npm run man`: writes the manual pages into docs/man and lets mandoc look at them. */
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { packageFile } from '../base/package-root.ts';
import { manPages } from './man-pages.ts';

const directory = packageFile('docs', 'man');
await mkdir(directory, { recursive: true });
const files: string[] = [];
for (const [name, text] of Object.entries(manPages())) {
  const file = `${directory}/${name}`;
  await writeFile(file, text);
  files.push(file);
}
process.stdout.write(`${files.join('\n')}\n`);
const lint = spawnSync('mandoc', ['-Tlint', '-Wwarning', ...files], { encoding: 'utf8' });
if (lint.error) process.stdout.write('mandoc is not installed: pages written, not checked\n');
else {
  process.stdout.write(lint.stdout + lint.stderr);
  process.exitCode = lint.status ?? 1;
}
