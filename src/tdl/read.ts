/** A TDL from a file. */
import { open } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, OzError } from '../base/errors.ts';
import { whyOf } from '../base/system-errors.ts';
import { type IncompleteTdl, parseIncompleteTdl } from './incomplete.ts';
import { maxTdlBytes } from './limits.ts';
import { type ParseTdlOptions, parseTdl } from './parse.ts';
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
  const bytes = await Promise.race([collect(stream, options.source), interrupted]);
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
  return decode(await readBounded(file, signal), file);
}

/** Devices, FIFOs and /proc files have no size to check beforehand: counted while they are read. */
async function collect(stream: AsyncIterable<string | Buffer>, file: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    size += bytes.length;
    if (size > maxTdlBytes) throw fileProblem(file, `it is larger than ${maxTdlBytes} bytes`);
  }
  return Buffer.concat(chunks);
}

async function readBounded(file: string, signal: AbortSignal | undefined): Promise<Buffer> {
  try {
    const handle = await open(file, 'r');
    try {
      const stat = await handle.stat();
      if (stat.isDirectory()) throw fileProblem(file, 'it is a directory');
      const stream = handle.createReadStream({ autoClose: false, ...(signal && { signal }) });
      return await collect(stream, file);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof OzError) throw error;
    signal?.throwIfAborted();
    throw fileProblem(file, reasons[codeOf(error) ?? ''] ?? whyOf(error), error);
  }
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
};

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw fileProblem(file, 'it is not UTF-8 text', error);
  }
}

function fileProblem(file: string, why: string, cause?: unknown): OzError {
  return new OzError('OZ_TDL_FILE', `Cannot read TDL ${file}: ${why}`, {
    hint: 'give the path of a TDL (see tdl-examples/)',
    cause,
  });
}
