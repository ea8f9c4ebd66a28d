/** Files of this machine, named by file:// URLs. */
import { open as openFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { codeOf, messageOf, OzError } from '../../base/errors.ts';
import { shownUrl } from '../url.ts';
import { forbidden, notFound } from './failures.ts';
import type { OpenedFile, OpenOptions, RemoteFile, Source } from './source.ts';

/** The local path; throws OzError OZ_DOWNLOAD_URL for another host's. */
export function localPath(url: URL): string {
  try {
    return fileURLToPath(url.hostname === 'localhost' ? new URL(url.pathname, 'file:///') : url);
  } catch (error) {
    throw new OzError('OZ_DOWNLOAD_URL', `Cannot read ${shownUrl(url)}: ${messageOf(error)}`, {
      hint: 'a local file is written as file:///absolute/path',
    });
  }
}

async function opened(url: URL) {
  try {
    const file = await openFile(localPath(url), 'r');
    const stat = await file.stat();
    if (stat.isFile()) return { file, stat };
    await file.close();
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') throw notFound(url);
    if (code === 'EACCES' || code === 'EPERM') throw forbidden(url, 'permission denied');
    throw error;
  }
  throw new OzError('OZ_DOWNLOAD_URL', `Cannot read ${shownUrl(url)}: it is not a regular file`);
}

async function look(url: URL): Promise<RemoteFile> {
  const { file, stat } = await opened(url);
  await file.close();
  return { size: stat.size, lastModified: stat.mtime.toISOString() };
}

/** Local files are always read from the begin: that is as fast as checking what is here. */
async function open(url: URL, options: OpenOptions): Promise<OpenedFile> {
  const { file, stat } = await opened(url);
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      for (let position = 0; ; ) {
        options.signal?.throwIfAborted();
        const buffer = Buffer.allocUnsafe(1 << 20);
        const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
        position += bytesRead;
      }
    } finally {
      await file.close();
    }
  }
  return { size: stat.size, lastModified: stat.mtime.toISOString(), offset: 0, body: read() };
}

export const fileSource: Source = { look, open };
