/** What a command is given of the world around it, so that tests can give their own. */
import type { Around } from '../compose/around.ts';

/** A text stream to write on. */
export interface Output {
  write(text: string): unknown;
  /** Whether it is a terminal. */
  isTTY: boolean;
  /** Width of the terminal in characters. */
  columns: number;
  /** Whether it takes color, once the command line has been read. */
  color?: boolean;
}

export interface Io extends Around {
  stdout: Output;
  stderr: Output;
  /** Ends when the input ends. `isTTY`: someone is there to type. */
  stdin: AsyncIterable<string | Buffer> & { readonly isTTY: boolean };
  /** Where signals such as SIGINT are heard, and errors that nothing has caught. */
  signals: {
    on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
    on(event: 'uncaughtException', listener: (error: Error) => void): unknown;
    off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
    off(event: 'uncaughtException', listener: (error: Error) => void): unknown;
  };
  /** Ends the process at once (a second Ctrl-C). */
  exit(code: number): void;
}

/** A command: takes the arguments after its name, gives the process's exit code. */
export type Main = (argv: readonly string[], io: Io) => Promise<number>;
