/**
 * The $6$ scheme of crypt(3), as https://www.akkadia.org/drepper/SHA-crypt.txt
 * specifies it: what installers take for a password, so that the plain one
 * stays out of answer files and of the logs that they are copied to.
 */
import { createHash, randomBytes } from 'node:crypto';

const rounds = 5000;
const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const digestLength = 64;

const sha512 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** The digest over and over again, until it is `length` bytes. */
const repeated = (digest: Buffer, length: number): Buffer =>
  Buffer.alloc(length, digest.subarray(0, digestLength));

/** `count` characters of 6 bits each, the lowest first. */
function encode(value: number, count: number): string {
  let text = '';
  for (let i = 0, rest = value; i < count; i++, rest >>>= 6) text += alphabet[rest & 63];
  return text;
}

/** Bytes in the order of the specification: three columns of 21, turned from group to group. */
function encodeDigest(digest: Buffer): string {
  let text = '';
  for (let i = 0; i < 21; i++) {
    const turn = i % 3;
    const at = (column: number): number => digest[i + 21 * ((column + turn) % 3)] ?? 0;
    text += encode((at(0) << 16) | (at(1) << 8) | at(2), 4);
  }
  return text + encode(digest[63] ?? 0, 2);
}

/** 16 characters, each of 6 random bits. */
export const randomSalt = (): string =>
  [...randomBytes(16)].map((byte) => alphabet[byte & 63]).join('');

/** `$6$salt$hash`; of the salt 16 characters count. Some 15 ms. */
export function sha512Crypt(password: string, salt: string = randomSalt()): string {
  const usedSalt = salt.slice(0, 16);
  const key = Buffer.from(password, 'utf8');
  const saltBytes = Buffer.from(usedSalt, 'utf8');

  const b = sha512(key, saltBytes, key);
  const bits: Buffer[] = [];
  for (let length = key.length; length > 0; length >>>= 1) bits.push(length & 1 ? b : key);
  let digest = sha512(key, saltBytes, repeated(b, key.length), ...bits);

  const p = repeated(sha512(...Array.from({ length: key.length }, () => key)), key.length);
  const saltTimes = 16 + (digest[0] ?? 0);
  const s = repeated(
    sha512(...Array.from({ length: saltTimes }, () => saltBytes)),
    saltBytes.length,
  );
  for (let round = 0; round < rounds; round++) {
    const odd = round % 2 === 1;
    const parts = [odd ? p : digest];
    if (round % 3) parts.push(s);
    if (round % 7) parts.push(p);
    parts.push(odd ? digest : p);
    digest = sha512(...parts);
  }
  return `$6$${usedSalt}$${encodeDigest(digest)}`;
}
