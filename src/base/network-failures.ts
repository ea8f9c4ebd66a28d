/** Words for the ways in which a connection fails, by the codes of Node and of got. */
import { codeOf, messageOf } from './errors.ts';
import { withoutCredentials } from './secrets.ts';

const words: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name could not be looked up',
  ECONNREFUSED: 'the connection is refused',
  ECONNRESET: 'the connection was dropped',
  EPIPE: 'the connection was dropped',
  ERR_READING_RESPONSE_STREAM: 'the connection was dropped',
  ERR_STREAM_PREMATURE_CLOSE: 'the connection was dropped',
  ETIMEDOUT: 'the server does not answer',
  EBADMSG: 'what answers does not speak HTTP',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'the network is unreachable',
  EADDRNOTAVAIL: 'the address is not available',
  EPROTO: 'the server does not speak TLS (http instead of https?)',
  ERR_GOT_REQUEST_ERROR: 'the request failed',
};

/** Why a connection failed; undefined: its code is not known. */
export function networkWhy(code: string): string | undefined {
  if (Object.hasOwn(words, code)) return words[code];
  if (/^HPE_\w*_OVERFLOW$/.test(code)) return 'the headers of its answer are too long';
  return code.startsWith('HPE_') ? words.EBADMSG : undefined;
}

/** Whether a code says that the server's certificate is not to be trusted. */
export function isTrustFailure(code: string): boolean {
  return /^(CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS_CERT|HOSTNAME_MISMATCH)/.test(code);
}

/** What a failed connection met, in words. */
export function connectionWhy(error: unknown): string {
  const code = codeOf(error) ?? '';
  if (isTrustFailure(code)) return `the server's certificate is not trusted (${code})`;
  return networkWhy(code) ?? (code || withoutCredentials(messageOf(error)));
}
