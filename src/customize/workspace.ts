/** What the steps of one customisation share. */
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { OzError } from '../base/errors.ts';
import type { TdlContent } from '../tdl/types.ts';
import { runScript, type Script } from './script.ts';
import type { RunResult, Session } from './session.ts';

export interface Workspace {
  session: Session;
  signal?: AbortSignal | undefined;
  /** Reads content that the TDL names by a URL; on the machine that runs the build. */
  fetchContent: (url: string) => Promise<Readable | Buffer>;
  /** Takes each line that a step prints. */
  emitOutput: (source: string, line: string) => void;
  mask: (text: string) => string;
}

/** One thing that is done: its name in the log, and in the message when it fails. */
export type Work = { title: string } & (
  | { script: Script; environment?: Readonly<Record<string, string>> | undefined }
  | { command: string }
);

/** Lines of output that a failure quotes. */
const quoted = 20;

function runWork(space: Workspace, work: Work, onOutput: (line: string) => void) {
  const options = {
    signal: space.signal,
    okCodes: 'any' as const,
    onOutput: (_: 'stdout' | 'stderr', line: string) => onOutput(line),
  };
  if ('command' in work) return space.session.run(work.command, options);
  const variables = Object.entries(work.environment ?? {});
  const exports = variables.map(([name, value]) => `export ${name}='${value}'\n`).join('');
  const { text, args } = work.script;
  return runScript(space.session, { text: `${exports}${text}`, args }, options);
}

/** Does it, streaming its output. Throws OZ_CUSTOMISE_FAILED with the end of that output. */
export async function perform(space: Workspace, work: Work): Promise<RunResult> {
  const tail: string[] = [];
  const result = await runWork(space, work, (line) => {
    const shown = space.mask(line);
    space.emitOutput(work.title, shown);
    tail.push(shown);
    if (tail.length > quoted) tail.shift();
  });
  if (result.code !== 0) throw failure(space, work.title, result.code, tail);
  return result;
}

function failure(space: Workspace, title: string, code: number, tail: string[]): OzError {
  const output =
    tail.length > 0 ? `; it printed\n${tail.map((line) => `  ${line}`).join('\n')}` : '';
  return new OzError(
    'OZ_CUSTOMISE_FAILED',
    `Cannot customise the guest: ${space.mask(title)} ended with exit code ${code}${output}`,
    { hint: 'correct this part of the TDL; all output is in the log' },
  );
}

/** The bytes of a file's or a command's content. */
export async function bytesOf(space: Workspace, content: TdlContent): Promise<Buffer> {
  if ('bytes' in content) return Buffer.from(content.bytes);
  const fetched = await space.fetchContent(content.url);
  return Buffer.isBuffer(fetched) ? fetched : buffer(fetched);
}

/** A name for a passing file in the guest that nobody can have taken. */
export function passingName(suffix = ''): string {
  return `/var/tmp/.${randomBytes(12).toString('hex')}${suffix}`;
}
