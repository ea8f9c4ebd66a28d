/** `npm run man`: writes the manual pages into docs/man and lets mandoc look at them. */
import { mkdir, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { codeOf } from '../base/errors.ts';
import { packageFile } from '../base/package-root.ts';
import { runTool } from '../base/run-tool.ts';
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
try {
  const okCodes = [0, 1, 2, 3, 4, 5, 6];
  const lint = await runTool('mandoc', ['-Tlint', '-Wwarning', ...files], { okCodes });
  process.stdout.write(`${lint.stdout}${lint.stderr}`);
  process.exitCode = lint.exitCode;
} catch (error) {
  if (codeOf(error) !== 'OZ_TOOL_MISSING') throw error;
  process.stdout.write('mandoc is not installed: pages written, not checked\n');
}
