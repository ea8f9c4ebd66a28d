/** Whole directories, from this machine or an FTP server: the <extras> of a TDL. */
import { cp, mkdir, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { codeOf, messageOf, OzError } from '../base/errors.ts';
import { downloadFtpDirectory } from './sources/ftp.ts';
import { parseMediumUrl, shownUrl } from './url.ts';

export interface DirectoryOptions {
  signal?: AbortSignal | undefined;
}

/**
 * Copies the content of the directory at `url` (file, ftp) into the new
 * directory `to`. Throws OZ_DOWNLOAD_URL for HTTP, which has no directories.
 */
export async function fetchDirectory(
  url: string,
  to: string,
  options: DirectoryOptions = {},
): Promise<void> {
  const parsed = parseMediumUrl(url);
  options.signal?.throwIfAborted();
  if (parsed.protocol === 'ftp:') {
    return downloadFtpDirectory(parsed, to, { ...options, stallMs: 60_000 });
  }
  if (parsed.protocol !== 'file:') {
    throw new OzError(
      'OZ_DOWNLOAD_URL',
      `Cannot copy the directory ${shownUrl(url)}: over HTTP there are only files`,
      { hint: 'name each file as <file>, or use a file:// or ftp:// URL' },
    );
  }
  const from = fileURLToPath(parsed);
  try {
    if (!(await stat(from)).isDirectory()) throw new Error('it is no directory');
    await mkdir(to, { recursive: true });
    // what a link leads to: the link itself would point out of the ISO
    await cp(from, to, { recursive: true, dereference: true });
  } catch (error) {
    throw new OzError(
      'OZ_DOWNLOAD_NOT_FOUND',
      `Cannot copy the directory ${shownUrl(url)}: ${codeOf(error) ?? messageOf(error)}`,
      { hint: 'check the source in <extras>', cause: error },
    );
  }
}
