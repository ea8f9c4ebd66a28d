/** How the programs of compat/ end. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageFile } from '../../src/base/package-root.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ozma-program-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Runs a program whose work this is. */
function run(work: string) {
  const file = path.join(dir, 'program.mts');
  const source = pathToFileURL(packageFile('compat/program.ts')).href;
  writeFileSync(file, `import { runProgram } from '${source}';\nawait runProgram(${work});\n`);
  const args = ['--import', 'tsx', file];
  const options = { encoding: 'utf8', cwd: packageFile() } as const;
  const { status, stderr } = spawnSync(process.execPath, args, options);
  return { status, stderr };
}

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])(
  '%s is the end, whatever fails because of it',
  (name, status) => {
    const waits = `(signal) => new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('a tool was killed')));
    process.kill(process.pid, '${name}');
    setTimeout(() => {}, 20_000);
  }).finally(() => setImmediate(() => process.exit()))`;
    const ended = run(waits);
    expect(ended).toEqual({ status, stderr: expect.stringContaining('Error: Interrupted\n') });
    expect(ended.stderr).not.toContain('a tool was killed');
  },
  60_000,
);

it('a failure is worded, and its code is 1', () => {
  expect(run("async () => { throw new Error('no') }")).toEqual({
    status: 1,
    stderr: expect.stringContaining('Error: no\n'),
  });
}, 60_000);
