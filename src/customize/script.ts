/** Shell scripts of our own, run in the guest whatever root's login shell is. */
import type { RunOptions, RunResult, Session } from './session.ts';
import { commandLine } from './shell.ts';

export interface Script {
  /** POSIX shell; `args` are its "$1", "$2", … */
  text: string;
  args?: readonly string[] | undefined;
}

/**
 * The script comes by standard input, so that neither its length nor its
 * quoting matters; as a function, so that nothing it runs can read its text.
 */
export function runScript(
  session: Session,
  { text, args = [] }: Script,
  options: Omit<RunOptions, 'input'> = {},
): Promise<RunResult> {
  const input = `main() {\n${text}\n}\nmain "$@" </dev/null\nexit $?\n`;
  return session.run(commandLine(['sh', '-s', '--', ...args]), { ...options, input });
}
