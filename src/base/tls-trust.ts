/** Which authorities https servers are trusted by: the system's, not Node's own list alone. */
import { rootCertificates } from 'node:tls';
import { OzError } from './errors.ts';
import { limits } from './limits.ts';
import { textWithinSync } from './read-bounded.ts';
import { whyOf } from './system-errors.ts';

/** As OpenSSL, requests and curl read them; the first that is set wins. */
const variables = ['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'];

/** Bundles of Debian and SUSE, Fedora and RHEL, Alpine. */
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];

function readBundle(file: string, isNamed: boolean): string | undefined {
  try {
    return textWithinSync(file, limits.certificates);
  } catch (error) {
    if (!isNamed) return undefined;
    throw new OzError(
      'OZ_DOWNLOAD_UNTRUSTED',
      `Cannot read the CA bundle ${file}: ${whyOf(error)}`,
      {
        hint: `it is named by ${variables.join(', ')}: correct or unset the variable`,
        cause: error,
      },
    );
  }
}

const known = new Map<string, string[]>();

/**
 * PEM certificates to trust. A bundle named in the environment replaces the
 * system's, as everywhere else; without either, Node's own list is used.
 */
export function trustedAuthorities(env: NodeJS.ProcessEnv = process.env): string[] {
  const named = variables.map((name) => env[name]).find((value) => value);
  const key = named ?? '';
  const cached = known.get(key);
  if (cached) return cached;
  const found = (named ? [named] : bundles)
    .map((file) => readBundle(file, Boolean(named)))
    .find((text) => text !== undefined);
  const authorities = found === undefined ? [...rootCertificates] : [found];
  known.set(key, authorities);
  return authorities;
}
