/** Words failures of all schemes, and tells the passing ones from the lasting ones. */
import { codeOf, messageOf, OzError } from '../../base/errors.ts';
import { isTrustFailure, networkWhy } from '../../base/network-failures.ts';
import { withoutCredentials } from '../../base/secrets.ts';
import { shownUrl } from '../url.ts';
import { TransientFailure } from './source.ts';

const passingStatus = new Set([408, 425, 429, 500, 502, 503, 504]);

export function notFound(url: URL): OzError {
  return new OzError('OZ_DOWNLOAD_NOT_FOUND', `Cannot download ${shownUrl(url)}: no such file`, {
    hint: 'check the URL in the TDL; installer media move when a release is superseded',
  });
}

export function forbidden(url: URL, answer: string): OzError {
  return new OzError(
    'OZ_DOWNLOAD_FORBIDDEN',
    `Cannot download ${shownUrl(url)}: access is refused (${answer})`,
    { hint: 'a user name and password can be given as scheme://user:password@host/' },
  );
}

export function unreachable(url: URL, why: string): TransientFailure {
  return new TransientFailure(
    new OzError('OZ_DOWNLOAD_UNREACHABLE', `Cannot download ${shownUrl(url)}: ${why}`, {
      hint: 'check the host name, the network and the proxy variables, then run it again',
    }),
  );
}

export function truncated(url: URL, have: number, expected: number): TransientFailure {
  return new TransientFailure(
    new OzError(
      'OZ_DOWNLOAD_TRUNCATED',
      `Cannot download ${shownUrl(url)}: it ends after ${have} of ${expected} bytes`,
      { hint: 'the file may be incomplete on the server; try another mirror' },
    ),
  );
}

/**
 * Seconds or a date; undefined when there is neither. `date` is what the server's own clock says,
 * which need not be what the one here does.
 */
export function retryAfterMs(header: string | undefined, date?: string): number | undefined {
  if (!header) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const then = Date.parse(header);
  const now = Date.parse(date ?? '');
  return Number.isNaN(then)
    ? undefined
    : Math.max(0, then - (Number.isNaN(now) ? Date.now() : now));
}

/** What to throw for an HTTP status that is no success; `retryAfter`: milliseconds. */
export function statusFailure(
  url: URL,
  status: number,
  text: string,
  retryAfter?: number,
): OzError | TransientFailure {
  const answer = `${status} ${text}`.trim();
  if (status === 404 || status === 410) return notFound(url);
  if (status === 401 || status === 403 || status === 407) return forbidden(url, answer);
  const error = new OzError(
    passingStatus.has(status) ? 'OZ_DOWNLOAD_UNREACHABLE' : 'OZ_DOWNLOAD_FAILED',
    `Cannot download ${shownUrl(url)}: the server answers ${answer}`,
    { hint: 'try again later, or another mirror' },
  );
  return passingStatus.has(status) ? new TransientFailure(error, retryAfter) : error;
}

/** What to throw for a failed connection or a body that broke off. Holds no part of the cause: that may have credentials. */
export function connectionFailure(url: URL, cause: unknown): OzError | TransientFailure {
  if (cause instanceof OzError || cause instanceof TransientFailure) return cause;
  const inner = (cause as { cause?: unknown } | null)?.cause;
  if (inner instanceof OzError) return inner; // what a hook has thrown
  const code = codeOf(cause) ?? '';
  if (code === 'ERR_TOO_MANY_REDIRECTS') {
    return new OzError(
      'OZ_DOWNLOAD_REDIRECT',
      `Cannot download ${shownUrl(url)}: the server redirects round in circles`,
    );
  }
  if (code === 'ERR_UNSUPPORTED_PROTOCOL') {
    return new OzError(
      'OZ_DOWNLOAD_REDIRECT',
      `Cannot download ${shownUrl(url)}: the server redirects to something that is not http`,
    );
  }
  if (isTrustFailure(code)) {
    return new OzError(
      'OZ_DOWNLOAD_UNTRUSTED',
      `Cannot download ${shownUrl(url)}: the server's certificate is not trusted (${code})`,
      { hint: 'add its authority to the system, or name a bundle in SSL_CERT_FILE' },
    );
  }
  return unreachable(url, networkWhy(code) ?? (code || withoutCredentials(messageOf(cause))));
}
