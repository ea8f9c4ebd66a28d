/** Whole directories, from this machine or an FTP server: the <extras> of a TDL. */
import { cp, lstat, mkdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { OzError } from '../base/errors.ts';
import { whyOf } from '../base/system-errors.ts';
import { localPath } from './sources/file.ts';
import { downloadFtpDirectory } from './sources/ftp.ts';
import { parseMediumUrl, shownUrl } from './url.ts';

export interface DirectoryOptions {
  signal?: AbortSignal | undefined;
}

/** Throws for a link that leads back to where the path to it has come through. */
async function refuseLoop(top: string, source: string): Promise<void> {
  if (source === top || !(await lstat(source)).isSymbolicLink()) return;
  const real = await realpath(source);
  for (let above = source; above !== top; ) {
    above = path.dirname(above);
    if ((await realpath(above)) === real) throw new Error(`the link ${source} leads in a circle`);
  }
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
  const from = path.resolve(localPath(parsed));
  try {
    if (!(await stat(from)).isDirectory()) throw new Error('it is no directory');
    await mkdir(to, { recursive: true });
    // what a link leads to: the link itself would point out of the ISO
    const filter = async (source: string) => {
      options.signal?.throwIfAborted();
      await refuseLoop(from, source);
      return true;
    };
    await cp(from, to, { recursive: true, dereference: true, filter });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new OzError(
      'OZ_DOWNLOAD_NOT_FOUND',
      `Cannot copy the directory ${shownUrl(url)}: ${whyOf(error)}`,
      { hint: 'check the source in <extras>', cause: error },
    );
  }
}
