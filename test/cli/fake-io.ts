/** An Io that keeps what is written, for running commands in the test's own process. */
import { EventEmitter } from 'node:events';
import type { Io } from '../../src/cli/io.ts';
import { osinfoEnv } from '../fakes/osinfo-env.ts';

export interface FakeIo extends Io {
  out(): string;
  err(): string;
  signals: EventEmitter;
  exits: number[];
}

export function fakeIo(
  given: { input?: string[]; env?: Record<string, string>; cwd?: string; tty?: boolean } = {},
): FakeIo {
  const out: string[] = [];
  const err: string[] = [];
  const exits: number[] = [];
  const output = (kept: string[]) => ({
    write: (text: string) => kept.push(text),
    isTTY: given.tty ?? false,
    columns: 80,
  });
  return {
    stdout: output(out),
    stderr: output(err),
    stdin: {
      isTTY: given.tty ?? false,
      [Symbol.asyncIterator]: async function* () {
        yield* given.input ?? [];
      },
    },
    env: given.env ?? osinfoEnv,
    cwd: given.cwd ?? process.cwd(),
    signals: new EventEmitter(),
    exit: (code) => exits.push(code),
    exits,
    out: () => out.join(''),
    err: () => err.join(''),
  };
}
