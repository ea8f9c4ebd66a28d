/** Joins a command to the real process: the only place that ends it. */
import process from 'node:process';
import type { Io, Main, Output } from './io.ts';

function outputOf(stream: NodeJS.WriteStream): Output {
  // A reader that went away (`oz plan x.tdl | head`) is no failure of ours.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
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

/** The Io of this process. */
export function processIo(): Io {
  return {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    // Touching process.stdin opens it, which keeps a process alive: only on use.
    stdin: { [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator]() },
    env: process.env,
    cwd: process.cwd(),
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
export async function runAsProcess(main: Main): Promise<void> {
  const code = await main(process.argv.slice(2), processIo());
  process.exitCode = code;
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  // Workers and sockets that a failure left open must not keep the shell waiting.
  process.exit(code);
}
