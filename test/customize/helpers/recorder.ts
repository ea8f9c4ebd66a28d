/** A session that records what it is told and answers from a script. */
import type { RunOptions, RunResult, Session } from '../../../src/customize/session.ts';

export interface Recorded {
  command?: string;
  input?: string;
  upload?: string;
  content?: string;
  mode?: number | undefined;
}

/** `answer` may give a result for a command (with its input); the rest succeeds silently. */
export function recorder(
  answer: (command: string, input: string) => Partial<RunResult> | undefined = () => undefined,
): { session: Session; calls: Recorded[] } {
  const calls: Recorded[] = [];
  const session: Session = {
    run: async (command: string, options: RunOptions = {}) => {
      const input = options.input?.toString() ?? '';
      calls.push({ command, ...(input && { input }) });
      const result = { code: 0, stdout: '', stderr: '', ...answer(command, input) };
      for (const line of result.stdout.split('\n').filter(Boolean))
        options.onOutput?.('stdout', line);
      for (const line of result.stderr.split('\n').filter(Boolean))
        options.onOutput?.('stderr', line);
      return result;
    },
    upload: async (name, content, options = {}) => {
      calls.push({ upload: name, content: content.toString(), mode: options.mode });
    },
    close: async () => {},
  };
  return { session, calls };
}

/** What was done, in short: a script by its arguments, anything else by its command or file. */
export function called({ command, input, upload }: Recorded): string | undefined {
  return /^main(?: ([\s\S]*))? <\/dev\/null$/m.exec(input ?? '')?.[1] ?? upload ?? command;
}
