/** The user's own certificates. What is wrong with them is told before anything is asked of a cloud. */
import { createSecureContext } from 'node:tls';
import { codeOf, OzError } from '../../../src/base/errors.ts';
import { limits } from '../../../src/base/limits.ts';
import { textWithinSync } from '../../../src/base/read-bounded.ts';
import { whyOf } from '../../../src/base/system-errors.ts';

export interface TlsSettings {
  readonly insecure: boolean;
  readonly cacert: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

function readTlsFile(file: string, what: string): string {
  try {
    return textWithinSync(file, limits.certificates);
  } catch (error) {
    throw new OzError('OZ_CLOUD_CONFIG', `Cannot read the ${what} ${file}: ${whyOf(error)}`, {
      hint: 'correct its path in clouds.yaml, oz.cfg or the OS_* variables',
      cause: error,
    });
  }
}

/** Node takes any text, and then trusts nobody. */
export function readAuthority(file: string): string {
  const text = readTlsFile(file, 'CA file');
  if (/-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/.test(text)) return text;
  throw new OzError('OZ_CLOUD_CONFIG', `Cannot use the CA file ${file}: no certificate is in it`, {
    hint: 'it must be in PEM form; openssl x509 -inform DER makes one of the other form',
  });
}

const pairWords: Readonly<Record<string, string>> = {
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'they do not belong together',
  ERR_OSSL_BAD_DECRYPT: 'the key is behind a passphrase',
  ERR_OSSL_PEM_BAD_PASSWORD_READ: 'the key is behind a passphrase',
};

export function readClient(certFile: string, keyFile: string) {
  const certificate = readTlsFile(certFile, 'client certificate');
  const key = readTlsFile(keyFile, 'client key');
  try {
    createSecureContext({ cert: certificate, key });
  } catch (error) {
    const code = codeOf(error) ?? '';
    throw new OzError(
      'OZ_CLOUD_CONFIG',
      `Cannot use the client certificate ${certFile} with the key ${keyFile}: ${pairWords[code] ?? `they are not in PEM form (${code})`}`,
      { hint: 'correct cert and key in clouds.yaml, oz.cfg or the OS_* variables' },
    );
  }
  return { certificate, key };
}
