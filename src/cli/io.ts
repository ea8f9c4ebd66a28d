/** What a command is given of the world around it, so that tests can give their own. */

/** A text stream to write on. */
export interface Output {
  write(text: string): unknown;
  /** Whether it is a terminal. */
  isTTY: boolean;
  /** Width of the terminal in characters. */
  columns: number;
}

export interface Io {
  stdout: Output;
  stderr: Output;
  /** Lines typed by the user; ends when the input ends. `isTTY`: someone is there to type. */
  stdin: AsyncIterable<string | Buffer> & { readonly isTTY: boolean };
  env: Readonly<Record<string, string | undefined>>;
  /** Absolute path that relative file names start from. */
  cwd: string;
  /** Where signals such as SIGINT are heard. */
  signals: {
    on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
    off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  };
  /** Ends the process at once (a second Ctrl-C). */
  exit(code: number): void;
}

/** The part of the world that decisions depend on. */
export type Around = Pick<Io, 'env' | 'cwd'>;

/** A command: takes the arguments after its name, gives the process's exit code. */
export type Main = (argv: readonly string[], io: Io) => Promise<number>;
