/** Shell scripts of our own, run in the guest whatever root's login shell is. */
import type { RunOptions, RunResult, Session } from './session.ts';
import { commandLine } from './shell.ts';

export interface Script {
  /** POSIX shell; `args` are its "$1", "$2", … */
  text: string;
  args?: readonly string[] | undefined;
}

/**
 * A command line and its standard input. The script comes by the latter, so that
 * neither its length nor its quoting matters; as a function, so that nothing it
 * runs can read its text.
 */
export function scriptCommand(
  { text, args = [] }: Script,
  environment: Readonly<Record<string, string>> = {},
): { command: string; input: string } {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'\n`);
  return {
    command: commandLine(['sh', '-s', '--', ...args]),
    input: `main() {\n${exports.join('')}${text}\n}\nmain "$@" </dev/null\nexit $?\n`,
  };
}

export function runScript(
  session: Session,
  script: Script,
  options: Omit<RunOptions, 'input'> & {
    environment?: Readonly<Record<string, string>> | undefined;
  } = {},
): Promise<RunResult> {
  const { environment, ...rest } = options;
  const { command, input } = scriptCommand(script, environment);
  return session.run(command, { ...rest, input });
}
