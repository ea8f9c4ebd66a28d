/** Checksum files (GNU, BSD, a single hash; plain or PGP-signed), and checks against them. */
import path from 'node:path';
import { OzError } from '../base/errors.ts';
import { fetchContent } from './content.ts';
import { type DigestType, digestLength } from './digest.ts';
import type { RetryOptions } from './retry.ts';
import { shownUrl, urlFileName } from './url.ts';

export { fileDigest } from './digest.ts';

/** One line of a checksum file. */
export interface ChecksumEntry {
  /** As written, without `./`; empty for a file that is just one hash. */
  name: string;
  /** Lower-case hexadecimal. */
  digest: string;
  /** Told by BSD's form alone. */
  type?: DigestType | undefined;
}

const bsdLine = /^\\?([A-Za-z0-9-]+) ?\((.+)\) ?= ?([0-9a-fA-F]+)$/;
const gnuLine = /^\\?([0-9a-fA-F]{32,128})[ \t]+\*?([^ \t].*)$/s;
const hashOnly = /^[0-9a-fA-F]{32,128}$/;

/** A checksum file is some kilobytes; what is larger is something else. */
const maxBytes = 16 << 20;

function isDigestType(text: string): text is DigestType {
  return text in digestLength;
}

/** GNU's escapes in names, told by a backslash at the line's begin. */
function unescapeName(line: string, name: string): string {
  if (!line.startsWith('\\')) return name;
  return name.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c === 'r' ? '\r' : c));
}

const signed = '-----BEGIN PGP SIGNED MESSAGE-----';
const signature = '-----BEGIN PGP SIGNATURE-----';

/** What a PGP clearsigned message says, without its armour; other texts as they are. */
function withoutSignature(lines: readonly string[]): readonly string[] {
  const begin = lines.indexOf(signed);
  // Its own headers, such as `Hash: SHA512`, end with a blank line.
  const blank = begin < 0 ? -1 : lines.indexOf('', begin + 1);
  if (blank < 0) return lines;
  const end = lines.findIndex((line, index) => index > blank && line.startsWith(signature));
  const message = lines.slice(blank + 1, end < 0 ? undefined : end);
  return message.map((line) => line.replace(/^- /, ''));
}

function parseLine(line: string): ChecksumEntry | null {
  const bsd = bsdLine.exec(line);
  if (bsd) {
    const type = (bsd[1] as string).toLowerCase().replace(/^(sha)2?-/, '$1'); // OpenSSL 3: SHA2-256
    // Types that are not known must not be taken for ones that are.
    if (!isDigestType(type)) return null;
    const name = unescapeName(line, bsd[2] as string).replace(/^(\.\/)+/, '');
    return { name, digest: low(bsd[3]), type };
  }
  const gnu = gnuLine.exec(line);
  if (gnu) {
    const name = unescapeName(line, gnu[2] as string).replace(/^(\.\/)+/, '');
    return { name, digest: low(gnu[1]) };
  }
  return hashOnly.test(line) ? { name: '', digest: low(line) } : null;
}

function low(text: string | undefined): string {
  return (text ?? '').toLowerCase();
}

/** All entries of a checksum file; lines that are something else are passed over. */
export function parseChecksums(text: string): ChecksumEntry[] {
  return withoutSignature(text.replace(/^\uFEFF/, '').split(/\r\n?|\n/)).flatMap(
    (line) => parseLine(line.trim()) ?? [],
  );
}

/** Paths before names: `jessie/x.iso` is chosen over `wheezy/x.iso` by what the URL ends in. */
function commonTail(name: string, filePath: string): number {
  const a = name.split('/').reverse();
  const b = filePath.split('/').reverse();
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

/**
 * The digest of `type` for a file. `filePath` is the file's name, or its path
 * on the server, which decides where several directories hold that name.
 * Throws OzError OZ_CHECKSUM_FILE when there is none, or when there are several.
 */
export function findChecksum(
  text: string,
  filePath: string,
  type: DigestType,
  origin = 'the checksum file',
): string {
  const name = path.posix.basename(filePath);
  const fail = (why: string, hint: string): never => {
    throw new OzError(
      'OZ_CHECKSUM_FILE',
      `Cannot find the ${type} of ${name} in ${origin}: ${why}`,
      {
        hint,
      },
    );
  };
  const all = parseChecksums(text);
  if (all.length === 0) fail('it holds no checksums', 'check the checksum URL in the TDL');
  const fitting = all.filter(
    (entry) =>
      entry.digest.length === digestLength[type] &&
      (entry.type === undefined || entry.type === type),
  );
  if (fitting.length === 0) {
    fail('its checksums are of another type', 'name the URL in the element of its own type');
  }
  const only = fitting[0] as ChecksumEntry;
  if (fitting.length === 1 && all.length === 1 && only.name === '') return only.digest;
  const named = fitting.filter((entry) => path.posix.basename(entry.name) === name);
  if (named.length === 0) fail('it does not name that file', 'check both URLs in the TDL');
  const best = Math.max(...named.map((entry) => commonTail(entry.name, filePath)));
  const digests = new Set(
    named.filter((entry) => commonTail(entry.name, filePath) === best).map((e) => e.digest),
  );
  if (digests.size > 1) {
    fail(
      'it names that file several times with different values',
      'use a checksum file of one release',
    );
  }
  return [...digests][0] as string;
}

/** Fetches a checksum file and returns the digest it has for the medium. */
export async function fetchChecksum(
  checksum: { type: DigestType; url: string },
  mediumUrl: string,
  options: RetryOptions = {},
): Promise<string> {
  const content = await fetchContent(checksum.url, { ...options, maxBytes });
  const filePath = new URL(mediumUrl).pathname.split('/').map(decoded).join('/');
  return findChecksum(
    content.toString('utf8'),
    filePath.endsWith('/') ? urlFileName(mediumUrl) : filePath,
    checksum.type,
    shownUrl(checksum.url),
  );
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
