/** The one error class of the project. */

export interface OzErrorOptions {
  /** What to do next, one sentence. */
  hint?: string | undefined;
  cause?: unknown;
  /** Process exit code this error leads to; 1 unless told. */
  exitCode?: number | undefined;
  /** The folder with the screenshot, the console log, … of a failed guest. */
  evidence?: string | undefined;
  /** The last lines of the failed guest's console, fit to be read. */
  console?: readonly string[] | undefined;
  kept?: Kept | undefined;
}

/** Commands for what was left where it is (onError `keep`). */
export interface Kept {
  look: readonly string[];
  remove: readonly string[];
}

/**
 * An error a user can act on. `code` is stable (`OZ_INSTALL_INACTIVE`),
 * `message` reads "Cannot <do> X: <why>", `hint` says what to do next. No
 * message ever holds a secret.
 */
export class OzError extends Error {
  override readonly name = 'OzError';
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: number;
  evidence: string | undefined;
  console: readonly string[] | undefined;
  kept: Kept | undefined;

  constructor(code: string, message: string, options: OzErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? 1;
    this.evidence = options.evidence;
    this.console = options.console;
    this.kept = options.kept;
  }
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system or Oz error, if it has one. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
