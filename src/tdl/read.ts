/** A TDL from a file. */
import path from 'node:path';
import { codeOf, OzError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { gather, readBounded, tooLarge } from '../base/read-bounded.ts';
import { whyOf } from '../base/system-errors.ts';
import { type IncompleteTdl, parseIncompleteTdl } from './incomplete.ts';
import { type ParseTdlOptions, parseTdl } from './parse.ts';
import { examples } from './problem.ts';
import type { Tdl } from './types.ts';

export type { IncompleteTdl } from './incomplete.ts';

export interface ReadTdlOptions extends Omit<ParseTdlOptions, 'source'> {
  signal?: AbortSignal | undefined;
}

/**
 * Reads and checks a TDL. Throws OZ_TDL_FILE when the file is missing, no
 * regular file, unreadable, larger than 5 MiB or not UTF-8, else what
 * parseTdl() throws.
 */
export async function readTdl(file: string, options: ReadTdlOptions = {}): Promise<Tdl> {
  const { signal, ...rest } = options;
  return parseTdl(await readText(file, signal), { ...rest, source: path.resolve(file) });
}

/** The same from a stream, such as standard input; `source` is its name for messages. */
export async function readTdlFrom(
  stream: AsyncIterable<string | Buffer>,
  { signal, ...options }: ParseTdlOptions & { signal?: AbortSignal | undefined },
): Promise<Tdl> {
  signal?.throwIfAborted();
  // A terminal may never say more, and no iterator can be told to give up.
  const interrupted = new Promise<never>((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const bytes = await Promise.race([gather(stream, limits.document), interrupted]);
  return parseTdl(decode(bytes, options.source), options);
}

/** What a TDL without version or architecture does say; undefined when more is wrong with it. */
export async function readIncompleteTdl(
  file: string,
  signal?: AbortSignal,
): Promise<IncompleteTdl | undefined> {
  return parseIncompleteTdl(await readText(file, signal), path.resolve(file));
}

async function readText(file: string, signal: AbortSignal | undefined): Promise<string> {
  signal?.throwIfAborted();
  let bytes: Buffer | undefined;
  try {
    bytes = await readBounded(file, limits.document, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw fileProblem(file, reasons[codeOf(error) ?? ''] ?? whyOf(error), error);
  }
  return decode(bytes, file);
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
};

/** `bytes` is undefined for more than a TDL may have. */
function decode(bytes: Buffer | undefined, file: string): string {
  if (!bytes) throw fileProblem(file, tooLarge(limits.document).message);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw fileProblem(file, 'it is not UTF-8 text', error);
  }
}

function fileProblem(file: string, why: string, cause?: unknown): OzError {
  return new OzError('OZ_TDL_FILE', `Cannot read TDL ${file}: ${why}`, {
    hint: `give the path of a TDL; for some that work ${examples}`,
    cause,
  });
}
