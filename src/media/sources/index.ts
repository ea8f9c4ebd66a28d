/** The source for each scheme. */
import type { MediumUrl, Scheme } from '../url.ts';
import { fileSource } from './file.ts';
import { ftpSource } from './ftp.ts';
import { httpSource } from './http.ts';
import type { Source } from './source.ts';

const sources: Record<Scheme, Source> = {
  'http:': httpSource,
  'https:': httpSource,
  'ftp:': ftpSource,
  'file:': fileSource,
};

export function sourceOf(url: MediumUrl): Source {
  return sources[url.protocol];
}
