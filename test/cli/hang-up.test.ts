/** Commands that are started by nohup go on when their terminal hangs up, and so do their tools. */
import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageFile } from '../../src/base/package-root.ts';

const commands = readdirSync(packageFile('bin')).filter((name) => name !== 'start.js');
let dir: string;

/** The real executables, around a command that waits for a tool. */
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'ozma-hang up-'));
  cpSync(packageFile('bin'), path.join(dir, 'bin'), { recursive: true });
  const cli = path.join(dir, 'dist/src/cli');
  mkdirSync(cli, { recursive: true });
  writeFileSync(path.join(dir, 'package.json'), '{"type":"module"}');
  const source = (file: string) => JSON.stringify(pathToFileURL(packageFile(file)).href);
  writeFileSync(
    path.join(cli, 'process-io.js'),
    `export * from ${source('src/cli/process-io.ts')};`,
  );
  const waits = `
    import { withSignals } from ${source('src/cli/signals.ts')};
    import { runTool } from ${source('src/base/run-tool.ts')};
    export const main = (argv, io) => withSignals(io, async (signal) => {
      const waiting = runTool('sleep', ['2'], { signal });
      io.stdout.write('waiting ' + argv.join(' ') + ' ' + io.env.OZMA_HANG_UP);
      await waiting;
      return 0;
    }).catch((error) => error.exitCode);`;
  for (const name of commands) writeFileSync(path.join(cli, name), waits);
  // As npm install -g has it.
  symlinkSync('bin/oz.js', path.join(dir, 'oz'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Runs it in a session of its own, all of which is hung up on; its exit code and output. */
function hungUp(command: string, ...args: string[]) {
  const child = spawn(command, args, {
    cwd: packageFile(),
    env: { ...process.env, NODE_OPTIONS: '--import tsx' },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (said === '') process.kill(-(child.pid ?? 0), 'SIGHUP');
    said += chunk.toString('utf8');
  });
  return new Promise<{ code: number | null; said: string }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, said }));
  });
}

describe('a hang-up', () => {
  it('ends a command in good order', async () => {
    expect(await hungUp(path.join(dir, 'oz'), 'a', "b 'c'")).toEqual({
      code: 129,
      said: "waiting a b 'c' undefined",
    });
  }, 60_000);

  it('does not end one that nohup started, nor its tools', async () => {
    expect(await hungUp('nohup', path.join(dir, 'oz'), 'x')).toEqual({
      code: 0,
      said: 'waiting x undefined',
    });
  }, 60_000);

  it('ends one that is run by node itself, which can’t know better', async () => {
    const { code } = await hungUp('nohup', process.execPath, path.join(dir, 'bin/oz.js'));
    expect(code).toBe(129);
  }, 60_000);
});

it('is the same for all commands', () => {
  const head = (name: string) =>
    readFileSync(packageFile('bin', name), 'utf8').split('\n').slice(0, 2).join('\n');
  expect(commands.length).toBeGreaterThan(4);
  expect(new Set(commands.map(head)).size).toBe(1);
});
