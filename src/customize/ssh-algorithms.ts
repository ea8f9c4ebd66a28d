/** What is offered to SSH servers: also old algorithms, and host keys of known types first. */
import type { Algorithms, ServerHostKeyAlgorithm } from 'ssh2';

/** Offered last, so that guests of any age can be reached; new ones never choose them. */
const old = {
  kex: [
    'diffie-hellman-group-exchange-sha1',
    'diffie-hellman-group14-sha1',
    'diffie-hellman-group1-sha1',
  ],
  serverHostKey: ['ssh-rsa', 'ssh-dss'],
  cipher: ['aes256-cbc', 'aes192-cbc', 'aes128-cbc', '3des-cbc'],
  hmac: ['hmac-sha1', 'hmac-md5'],
} as const;

function alsoOld<K extends keyof typeof old>(kind: K) {
  return { append: [...old[kind]], prepend: [], remove: [] };
}

/** The best first, each with the type of key that it is for. */
const hostKeys: readonly [ServerHostKeyAlgorithm, string][] = [
  ['ssh-ed25519', 'ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp256'],
  ['ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp384'],
  ['ecdsa-sha2-nistp521', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'ssh-rsa'],
  ['rsa-sha2-256', 'ssh-rsa'],
  ['ssh-rsa', 'ssh-rsa'],
  ['ssh-dss', 'ssh-dss'],
];

/** The server shows a key of one of these types, where it has one. */
export function hostKeyAlgorithms(types: ReadonlySet<string>): Algorithms['serverHostKey'] {
  const first = hostKeys.filter(([, type]) => types.has(type)).map(([name]) => name);
  // ssh2 goes by the order of these, and puts nothing in front that is in its list already.
  return { remove: first, prepend: first, append: [...old.serverHostKey] };
}

export const algorithmsFor = (types: ReadonlySet<string>): Algorithms => ({
  kex: alsoOld('kex'),
  serverHostKey: hostKeyAlgorithms(types),
  cipher: alsoOld('cipher'),
  hmac: alsoOld('hmac'),
});
