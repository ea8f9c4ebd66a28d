/** URLs of media: which are accepted, and how they are named in messages. */
import path from 'node:path';
import { OzError } from '../base/errors.ts';
import { shownUrl } from '../base/secrets.ts';

export { shownUrl } from '../base/secrets.ts';

const schemes = ['http:', 'https:', 'ftp:', 'file:'] as const;

export type Scheme = (typeof schemes)[number];

export type MediumUrl = URL & { protocol: Scheme };

/** Throws OzError OZ_DOWNLOAD_URL for what is no URL, or of a scheme that is not known. */
export function parseMediumUrl(text: string): MediumUrl {
  const shown = shownUrl(text);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new OzError('OZ_DOWNLOAD_URL', `Cannot download ${shown}: it is not a URL`, {
      hint: 'write it as http://, https://, ftp:// or file:///absolute/path',
    });
  }
  if (!(schemes as readonly string[]).includes(url.protocol)) {
    throw new OzError(
      'OZ_DOWNLOAD_URL',
      `Cannot download ${shown}: ${url.protocol.slice(0, -1)} is not a supported scheme`,
      { hint: 'http, https, ftp and file are' },
    );
  }
  return url as MediumUrl;
}

/** The last part of the URL's path, decoded: `debian-13.iso`. */
export function urlFileName(url: URL | string): string {
  const name = path.posix.basename(new URL(url).pathname);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
