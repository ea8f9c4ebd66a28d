/** Files from FTP servers. */
import { PassThrough } from 'node:stream';
import { Client, FTPError } from 'basic-ftp';
import { codeOf, messageOf, OzError } from '../../base/errors.ts';
import { inWords, limits } from '../../base/limits.ts';
import { withoutTrailing } from '../../base/text-ends.ts';
import { shownUrl } from '../url.ts';
import { connectionFailure, forbidden, notFound, unreachable } from './failures.ts';
import {
  type OpenedFile,
  type OpenOptions,
  type RemoteFile,
  type Source,
  type SourceOptions,
  TransientFailure,
} from './source.ts';

/** `ftp://host/a/b` is a/b from where the login lands; `%2F` at its begin makes it absolute (RFC 1738). */
function remotePath(url: URL): string {
  const text = decodeURIComponent(url.pathname.slice(1));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they would end the FTP command
  if (text !== '' && !text.endsWith('/') && !/[\x00-\x1f\x7f]/.test(text)) return text;
  throw new OzError('OZ_DOWNLOAD_URL', `Cannot download ${shownUrl(url)}: it names no file`);
}

function wordFailure(url: URL, error: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof OzError || error instanceof TransientFailure) return error;
  if (error instanceof FTPError) {
    if (error.code === 550) return notFound(url);
    if (error.code === 530 || error.code === 532) return forbidden(url, `FTP ${error.code}`);
    if (error.code < 500) return unreachable(url, `the server answers ${error.code}`);
    const message = `Cannot download ${shownUrl(url)}: the server answers ${error.code}`;
    return new OzError('OZ_DOWNLOAD_FAILED', message);
  }
  // Timeouts of basic-ftp have no code.
  const timeout = /^Timeout/.test(messageOf(error)) && codeOf(error) === undefined;
  return timeout ? unreachable(url, 'the server does not answer') : connectionFailure(url, error);
}

/** Logs in and calls `use`; an abort closes the connection under it. */
async function withClient<T>(
  url: URL,
  { signal, stallMs }: SourceOptions,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const client = new Client(stallMs);
  const stop = () => client.close();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await client.access({
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port ? Number(url.port) : 21,
      ...(url.username
        ? {
            user: decodeURIComponent(url.username),
            password: decodeURIComponent(url.password),
          }
        : { user: 'anonymous', password: 'ozma@' }),
    });
    return await use(client);
  } catch (error) {
    throw wordFailure(url, error, signal);
  } finally {
    signal?.removeEventListener('abort', stop);
    client.close();
  }
}

async function describeFile(client: Client, path: string): Promise<RemoteFile> {
  const size = await client.size(path).catch((error: unknown) => {
    if (error instanceof FTPError && error.code >= 500 && error.code !== 550) return null;
    throw error; // 550: there is no such file; 5xx: a server without SIZE
  });
  const lastModified = await client.lastMod(path).then(
    (date) => date.toISOString(),
    () => undefined,
  );
  return { size, lastModified };
}

async function look(url: URL, options: SourceOptions): Promise<RemoteFile> {
  return withClient(url, options, (client) => describeFile(client, remotePath(url)));
}

async function open(url: URL, options: OpenOptions): Promise<OpenedFile> {
  const path = remotePath(url);
  const pipe = new PassThrough({ highWaterMark: 1 << 20 });
  pipe.on('error', () => {}); // its reader, if there is one, meets it as well
  let transfer: Promise<void> = Promise.resolve();
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      yield* pipe;
      await transfer;
    } catch (error) {
      throw wordFailure(url, error, options.signal);
    } finally {
      pipe.destroy();
    }
  }
  return new Promise((resolve, reject) => {
    transfer = withClient(url, options, async (client) => {
      const remote = await describeFile(client, path);
      const same =
        remote.lastModified !== undefined && remote.lastModified === options.validator.lastModified;
      const offset = same && options.offset <= (remote.size ?? 0) ? options.offset : 0;
      resolve({ ...remote, offset, body: read() });
      await client.downloadTo(pipe, path, offset);
    });
    transfer.catch((error: unknown) => {
      reject(error); // no matter once the body has been handed out: its reader gets the error
      pipe.destroy(error instanceof Error ? error : new Error(messageOf(error)));
    });
  });
}

const tooLong = (url: URL): OzError =>
  new OzError(
    'OZ_DOWNLOAD_TOO_LARGE',
    `Cannot use ${shownUrl(url)}: its directories are listed in more than ${inWords(limits.listing)}`,
    { hint: 'name a smaller directory in <extras>' },
  );

/** Downloads all that is in a directory, with its subdirectories, into `to`. */
export async function downloadFtpDirectory(
  url: URL,
  to: string,
  options: SourceOptions,
): Promise<void> {
  const directory = new URL(url);
  directory.pathname = withoutTrailing(directory.pathname, '/');
  await withClient(url, options, async (client) => {
    let endless = false;
    let [listed, last] = [0, 0];
    client.trackProgress(({ type, bytes }) => {
      if (type !== 'list') return;
      listed += bytes < last ? bytes : bytes - last;
      last = bytes;
      if (listed <= limits.listing) return;
      endless = true;
      client.close();
    });
    try {
      await client.downloadToDir(to, directory.pathname === '' ? '.' : remotePath(directory));
    } catch (error) {
      throw endless ? tooLong(url) : error;
    }
  });
}

export const ftpSource: Source = { look, open };
