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

async function bySftp(
  sftp: SFTPWrapper,
  path: string,
  content: Buffer | Readable,
  mode: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  // 0600 counts for a new file only; an existing one keeps its permissions.
  const target = sftp.createWriteStream(path, { mode: 0o600 });
  await pipeline(sourceOf(content), target, { signal });
  if (mode === undefined) return;
  const changed = new Promise<void>((resolve, reject) => {
    sftp.chmod(path, mode, (error) => (error ? reject(error) : resolve()));
  });
  await orAborted(changed, signal);
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
