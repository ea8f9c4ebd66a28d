/** Of the real process: what can't be had, and is told in words. */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const program = `
  import { mkdtempSync, rmdirSync } from 'node:fs';
  import { tmpdir } from 'node:os';
  import { processIo } from ${JSON.stringify(path.resolve('src/cli/process-io.ts'))};
  const io = processIo();
  console.log(io.cwd);
  const gone = mkdtempSync(tmpdir() + '/ozma-gone-');
  process.chdir(gone);
  rmdirSync(gone);
  try { console.log(io.cwd); } catch (error) { console.log(error.code, error.message); }
`;

it('names the current directory, or says that it is gone', () => {
  const node = ['--import', 'tsx', '--input-type=module', '-e', program];
  expect(execFileSync(process.execPath, node, { encoding: 'utf8' }).split('\n')).toEqual([
    process.cwd(),
    'OZ_CWD Cannot find the current directory: it has been removed',
    '',
  ]);
});

it('says in words that its output could not be written', () => {
  const program = `
    import { runAsProcess } from ${JSON.stringify(path.resolve('src/cli/process-io.ts'))};
    await runAsProcess(async (argv, io) => { io.stdout.write('x'); return 0; });
  `;
  const node = ['--import', 'tsx', '--input-type=module', '-e', program];
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, node, {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  closeSync(full);
  expect(stderr).toBe('Error: Cannot write to standard output: the file system is full\n');
  expect(status).toBe(1);
});
