/**
 * Runs a command under another version of Node:
 *
 *     npx tsx compat/node/run.ts 22 -- npx vitest run test/base
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import { OzError } from '../../src/base/errors.ts';
import { runProgram } from '../program.ts';
import { nodeLines, nodeTree } from './tree.ts';

const usage = `Usage: npx tsx compat/node/run.ts VERSION -- COMMAND...

Runs COMMAND with the Node and npm of VERSION (${nodeLines.join(', ')}) first in its PATH. They come
from the npm registry, pinned by versions.json, and are kept.

  npx tsx compat/node/run.ts 22 -- npx vitest run test/base
  npx tsx compat/node/run.ts 24 -- node --version
`;

await runProgram(async (signal) => {
  const [wanted, dashes, command, ...args] = process.argv.slice(2);
  if (wanted === '--help' || wanted === '-h') {
    process.stdout.write(usage);
    return 0;
  }
  if (!wanted || dashes !== '--' || !command) {
    throw new OzError('OZ_USAGE', 'Cannot run: VERSION -- COMMAND is missing', {
      hint: 'try --help',
      exitCode: 2,
    });
  }
  const bin = path.join(await nodeTree(wanted, { signal }), 'bin');
  const child = spawn(command, args, {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
  });
  // A terminal's Ctrl-C reaches the command by itself; we wait for its end.
  signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  return await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, by) => resolve(code ?? 128 + (by ? constants.signals[by] : 0)));
  });
});
