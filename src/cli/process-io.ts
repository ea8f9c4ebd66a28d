/** Joins a command to the real process: the only place that ends it. */
import process from 'node:process';
import { OzError } from '../base/errors.ts';
import { ignoreHangUps } from '../base/hang-up.ts';
import { whyOf } from '../base/system-errors.ts';
import type { Io, Main, Output } from './io.ts';

/** Set when output was lost, such as on a full disk. */
let lost = false;

function outputOf(stream: NodeJS.WriteStream): Output {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that went away (`oz plan x.tdl | head`) is no failure of ours.
    if (error.code === 'EPIPE' || lost) return;
    lost = true;
    if (stream === process.stdout)
      process.stderr.write(`Error: Cannot write to standard output: ${whyOf(error)}\n`);
  });
  return {
    write: (text) => stream.write(text),
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns || 80;
    },
  };
}

/** Asked for on use: `oz --help` needs none. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new OzError('OZ_CWD', 'Cannot find the current directory: it has been removed', {
      hint: 'go to another directory, and run it again',
      cause: error,
    });
  }
}

/** The Io of this process. */
export function processIo(): Io {
  return {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    // Touching process.stdin opens it, which keeps a process alive: only on use.
    stdin: {
      [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator](),
      get isTTY() {
        return process.stdin.isTTY === true;
      },
    },
    env: process.env,
    get cwd() {
      return workingDirectory();
    },
    signals: process,
    exit: (code) => process.exit(code),
  };
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded) return resolve();
    stream.write('', () => resolve());
  });
}

/** Runs a command with the process's own arguments and ends the process with its exit code. */
export async function runAsProcess(
  main: Main,
  { hangUpsIgnored = false }: { hangUpsIgnored?: boolean } = {},
): Promise<void> {
  if (hangUpsIgnored) {
    ignoreHangUps();
    process.on('SIGHUP', () => {}); // without a listener Node ends by it
  }
  const result = await main(process.argv.slice(2), processIo());
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  const code = lost && result === 0 ? 1 : result;
  // Workers and sockets that a failure left open must not keep the shell waiting.
  process.exit(code);
}
