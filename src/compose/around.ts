/** The part of the world that decisions depend on. */
export interface Around {
  env: Readonly<Record<string, string | undefined>>;
  /** Absolute path that relative file names start from. */
  cwd: string;
}
