/** Does operations over SSH. */
import { OzError } from '../base/errors.ts';
import type { Operation, Operations } from './operations.ts';
import { runScript } from './script.ts';
import type { Session } from './session.ts';

export interface Workspace {
  session: Session;
  signal?: AbortSignal | undefined;
  /** Takes each line that a step prints. */
  emitOutput: (source: string, line: string) => void;
  mask: (text: string) => string;
}

/** Lines of output that a failure quotes. */
const quoted = 20;

type Work = Exclude<Operation, { kind: 'write' }>;

function runWork(space: Workspace, work: Work, onOutput: (line: string) => void) {
  const options = {
    signal: space.signal,
    okCodes: 'any' as const,
    onOutput: (_: 'stdout' | 'stderr', line: string) => onOutput(line),
  };
  return work.kind === 'command'
    ? space.session.run(work.command, options)
    : runScript(space.session, work.script, { ...options, environment: work.environment });
}

async function perform(space: Workspace, work: Operation): Promise<void> {
  if (work.kind === 'write') {
    const { path, content, mode } = work;
    await space.session.upload(path, content, { mode, signal: space.signal });
    if (work.passing) return;
    space.emitOutput(work.title, space.mask(`wrote ${path} (${content.length} bytes)`));
    return;
  }
  const tail: string[] = [];
  const { code } = await runWork(space, work, (line) => {
    const shown = space.mask(line);
    space.emitOutput(work.title, shown);
    tail.push(shown);
    if (tail.length > quoted) tail.shift();
  });
  if (code !== 0) throw stepFailed(space.mask(work.title), code, tail);
}

/** The error of a step that ended with this exit code; `output` is the end of what it printed. */
export function stepFailed(title: string, code: number, output: readonly string[]): OzError {
  const said =
    output.length > 0 ? `; it printed\n${output.map((line) => `  ${line}`).join('\n')}` : '';
  return new OzError(
    'OZ_CUSTOMISE_FAILED',
    `Cannot customize the guest: ${title} ended with exit code ${code}${said}`,
    { hint: 'correct this part of the TDL; all output is in the log' },
  );
}

/** Does them, streaming their output. Throws OZ_CUSTOMISE_FAILED with the end of that output, OZ_SSH_UPLOAD. */
export async function performAll(space: Workspace, { main, after }: Operations): Promise<void> {
  try {
    for (const work of main) await perform(space, work);
  } finally {
    const quiet = { ...space, emitOutput: () => {} };
    for (const work of after ?? []) await perform(quiet, work).catch(() => {});
  }
}
