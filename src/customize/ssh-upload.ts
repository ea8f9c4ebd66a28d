/** Files to the guest: by SFTP, or through `cat` where the guest has no SFTP server. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client, SFTPWrapper } from 'ssh2';
import { messageOf, OzError } from '../base/errors.ts';
import type { Session, UploadOptions } from './session.ts';
import { quote } from './shell.ts';
import { orAborted } from './ssh-run.ts';

/** Bytes a write; small enough for every server. */
const chunkSize = 32 * 1024;

function openSftp(client: Client): Promise<SFTPWrapper | null> {
  return new Promise((resolve) => {
    client.sftp((error, sftp) => resolve(error ? null : sftp));
  });
}

function* pieces(buffer: Buffer): Generator<Buffer> {
  for (let at = 0; at < buffer.length; at += chunkSize) yield buffer.subarray(at, at + chunkSize);
}

function sourceOf(content: Buffer | Readable): Readable {
  return Buffer.isBuffer(content) ? Readable.from(pieces(content)) : content;
}

/** Writes that may be under way at once: the guest's answers take their time. */
const writesAtOnce = 16;

/** Writes all of the content at an open handle, several pieces at once. */
async function writeAll(
  sftp: SFTPWrapper,
  handle: Buffer,
  content: Buffer | Readable,
  signal: AbortSignal,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let position = 0;
  for await (const chunk of sourceOf(content)) {
    for (const piece of pieces(Buffer.from(chunk))) {
      const at = position;
      position += piece.length;
      const write = new Promise<void>((resolve, reject) => {
        sftp.write(handle, piece, 0, piece.length, at, (error) =>
          error ? reject(error) : resolve(),
        );
      });
      const tracked = write.finally(() => running.delete(tracked));
      tracked.catch(() => {}); // seen below; not before that
      running.add(tracked);
      if (running.size >= writesAtOnce) await orAborted(Promise.race(running), signal);
    }
  }
  await orAborted(Promise.all(running), signal);
}

async function bySftp(
  sftp: SFTPWrapper,
  path: string,
  content: Buffer | Readable,
  mode: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  // 0600 counts for a new file only; an existing one keeps its permissions.
  const opening = new Promise<Buffer>((resolve, reject) => {
    sftp.open(path, 'w', { mode: 0o600 }, (error, handle) =>
      error ? reject(error) : resolve(handle),
    );
  });
  const handle = await orAborted(opening, signal);
  const call = (start: (done: (error?: Error | null) => void) => void) =>
    orAborted(
      new Promise<void>((resolve, reject) => {
        start((error) => (error ? reject(error) : resolve()));
      }),
      signal,
    );
  try {
    await writeAll(sftp, handle, content, signal);
    if (mode !== undefined) await call((done) => sftp.fchmod(handle, mode, done));
  } catch (error) {
    if (!signal.aborted) sftp.close(handle, () => {});
    throw error;
  }
  await call((done) => sftp.close(handle, done));
}

async function byCat(
  client: Client,
  path: string,
  content: Buffer | Readable,
  mode: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  const target = quote(path.startsWith('-') ? `./${path}` : path);
  const chmod = mode === undefined ? '' : ` && chmod ${mode.toString(8)} ${target}`;
  const command = `umask 077 && cat > ${target}${chmod}`;
  const done = new Promise<void>((resolve, reject) => {
    client.exec(`exec sh -c ${quote(command)}`, (error, channel) => {
      if (error) return reject(error);
      let told = '';
      let code: number | null = null;
      channel.stderr.on('data', (chunk: Buffer) => {
        told += chunk.toString('utf8');
      });
      channel.resume();
      channel.on('exit', (status: number | null) => {
        code = status;
      });
      channel.on('close', () => {
        if (code === 0) resolve();
        else reject(new Error(told.trim() || 'the connection was lost'));
      });
      pipeline(sourceOf(content), channel, { signal }).catch((cause) => {
        channel.close();
        reject(cause);
      });
    });
  });
  await orAborted(done, signal);
}

/** The upload of one session; whether the guest has an SFTP server is asked once. */
export function uploader(client: Client, gone: AbortSignal): Session['upload'] {
  let opened: Promise<SFTPWrapper | null> | undefined;
  return async (path: string, content: Buffer | Readable, options: UploadOptions = {}) => {
    const signal = options.signal ? AbortSignal.any([gone, options.signal]) : gone;
    try {
      if (path === '' || path.endsWith('/')) throw new Error('the name is that of a directory');
      if (path.includes('\0')) throw new Error('the name has a NUL byte');
      signal.throwIfAborted();
      opened ??= openSftp(client);
      const sftp = await orAborted(opened, signal);
      if (sftp) await bySftp(sftp, path, content, options.mode, signal);
      else await byCat(client, path, content, options.mode, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof OzError) throw error;
      // A stream that the guest closed tells less than the connection's own end.
      await new Promise((resolve) => setImmediate(resolve));
      if (gone.aborted) throw gone.reason;
      throw new OzError('OZ_SSH_UPLOAD', `Cannot upload ${path}: ${messageOf(error)}`, {
        hint: 'check the name, and the free space in the guest',
        cause: error,
      });
    }
  };
}
