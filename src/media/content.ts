/** Small remote files, into memory: contents of files and commands, checksum files. */
import { OzError } from '../base/errors.ts';
import { humanSize } from './human-size.ts';
import { type RetryOptions, withRetries } from './retry.ts';
import { truncated } from './sources/failures.ts';
import { sourceOf } from './sources/index.ts';
import { parseMediumUrl, shownUrl } from './url.ts';

export interface ContentOptions extends RetryOptions {
  /** Largest file to take, in bytes; 256 MiB unless told. */
  maxBytes?: number | undefined;
  stallMs?: number | undefined;
}

/** The content of a URL (http, https, ftp, file). Throws as download() does, and OZ_DOWNLOAD_TOO_LARGE. */
export async function fetchContent(url: string, options: ContentOptions = {}): Promise<Buffer> {
  const { maxBytes = 256 << 20, stallMs = 60_000, signal } = options;
  const parsed = parseMediumUrl(url);
  let contacted = false;
  const tooLarge = () =>
    new OzError(
      'OZ_DOWNLOAD_TOO_LARGE',
      `Cannot use ${shownUrl(url)}: it is larger than ${humanSize(maxBytes)}`,
    );
  const attempt = async () => {
    const source = sourceOf(parsed);
    const opened = await source.open(parsed, { offset: 0, validator: {}, signal, stallMs });
    contacted = true;
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of opened.body) {
      signal?.throwIfAborted();
      size += chunk.length;
      if (size > maxBytes) throw tooLarge();
      chunks.push(chunk);
    }
    if (opened.size !== null && size < opened.size) throw truncated(parsed, size, opened.size);
    return Buffer.concat(chunks);
  };
  return withRetries(attempt, { mark: () => (contacted ? 0 : -1) }, options);
}
