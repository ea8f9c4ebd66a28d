/** Shell scripts of our own, run in the guest whatever root's login shell is. */
import type { RunOptions, RunResult, Session } from './session.ts';
import { commandLine } from './shell.ts';

export interface Script {
  /** POSIX shell; `args` are its "$1", "$2", … */
  text: string;
  args?: readonly string[] | undefined;
}

/**
 * A command line and its standard input. The script and its arguments come by
 * the latter, so that neither length nor quoting matters: csh, root's shell in
 * older FreeBSD, expands `!` in quotes and takes no line break in them. As a
 * function, so that nothing it runs can read its text.
 */
export function scriptCommand(
  { text, args = [] }: Script,
  environment: Readonly<Record<string, string>> = {},
): { command: string; input: string } {
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'\n`);
  const call = commandLine(['main', ...args]);
  return {
    command: 'sh -s',
    input: `main() {\n${exports.join('')}${text}\n}\n${call} </dev/null\nexit $?\n`,
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
