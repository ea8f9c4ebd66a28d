/** The part of the world that decisions depend on. */
export interface Around {
  env: Readonly<Record<string, string | undefined>>;
  /** Absolute path that relative file names start from. */
  cwd: string;
  /** What `-` stands for as the name of a TDL; where it is absent, for a file of that name. */
  stdin?: AsyncIterable<string | Buffer>;
}

/** The name of a TDL that is read from standard input. */
export const stdinName = '-';
