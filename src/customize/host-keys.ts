/**
 * Whether it is the guest that answers: by the host keys that cloud-init prints on its console,
 * which nobody else can write to; else the first key that was seen is the one that counts.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { OzError } from '../base/errors.ts';

/** What stands between cloud-init's marks, whatever the lines begin with. */
function blocks(console: string, what: 'FINGERPRINTS' | 'KEYS'): string[][] {
  const found: string[][] = [];
  let open: string[] | undefined;
  for (const line of console.split('\n')) {
    if (line.includes(`-----BEGIN SSH HOST KEY ${what}-----`)) open = [];
    else if (line.includes(`-----END SSH HOST KEY ${what}-----`)) {
      if (open) found.push(open);
      open = undefined;
    } else open?.push(line.slice(0, 8192));
  }
  return found;
}

/** All forms in which a key can be printed; `SHA256:` as ssh-keygen -l has it. */
function namesOf(key: Buffer): { shown: string; all: string[] } {
  const digest = (kind: string) => createHash(kind).update(key).digest();
  const shown = `SHA256:${digest('sha256').toString('base64').replace(/=+$/, '')}`;
  const md5 = digest('md5').toString('hex').match(/../g)?.join(':') ?? '';
  return { shown, all: [shown, md5, key.toString('base64')] };
}

/** `SHA256:…`, as people compare it. */
export const fingerprintOf = (key: Buffer): string => namesOf(key).shown;

const fingerprint = /SHA256:[A-Za-z0-9+/]{43}|\b(?:[0-9a-f]{2}:){15}[0-9a-f]{2}\b/g;
const wholeKey = /\bAAAA[A-Za-z0-9+/]{16,}={0,2}/g;

/** The type of a key, as it begins on the wire. */
function typeOf(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0;
  return key.toString('latin1', 4, 4 + Math.min(length, 64));
}

/** How ssh-keygen -l calls the types, at the end of its lines. */
const typesCalled: Readonly<Record<string, readonly string[]>> = {
  ED25519: ['ssh-ed25519'],
  ECDSA: ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  RSA: ['ssh-rsa'],
  DSA: ['ssh-dss'],
};

export interface PrintedKeys {
  /** Whole keys, and fingerprints; empty: none. */
  names: Set<string>;
  /** Of them, such as ssh-ed25519, as far as they are told. */
  types: Set<string>;
}

/** The host keys that a console shows. */
export function printedHostKeys(console: string): PrintedKeys {
  const names = new Set<string>();
  const types = new Set<string>();
  for (const line of blocks(console, 'FINGERPRINTS').flat()) {
    const found = line.match(fingerprint) ?? [];
    for (const name of found) names.add(name);
    const called = found.length > 0 ? /\(([A-Z0-9]+)\)\s*$/.exec(line)?.[1] : undefined;
    for (const type of typesCalled[called ?? ''] ?? []) types.add(type);
  }
  for (const line of blocks(console, 'KEYS').flat()) {
    for (const name of line.match(wholeKey) ?? []) {
      names.add(name);
      types.add(typeOf(Buffer.from(name, 'base64')));
    }
  }
  return { names, types };
}

export type HostKeyTrust = 'printed' | 'first-use';

export interface HostKeyCheck {
  /** Throws `OZ_SSH_HOST_KEY` for one that is not the guest's. */
  verify(key: Buffer): Promise<void>;
  /**
   * The types of those that the console prints; empty: it prints none, or does not tell. Asked for
   * others first, the guest might show one that its image keeps off the console.
   */
  types(): Promise<ReadonlySet<string>>;
  /**
   * This one let us in: from now on no other does. `others`: further ones that the same server has
   * proven to have.
   */
  pin(key: Buffer, others?: () => Promise<Buffer[]>): void;
  /** What the key that let us in is trusted by; the console may show them later. Throws as verify(). */
  trust(): Promise<HostKeyTrust | undefined>;
  pinned(): Buffer | undefined;
}

function foreign(key: Buffer, why: string, also = ''): OzError {
  return new OzError(
    'OZ_SSH_HOST_KEY',
    `Cannot trust the SSH server that answers for the guest: its host key ${fingerprintOf(key)} ${why}`,
    { hint: `see who else has the guest's address on that network, then run it again${also}` },
  );
}

/** Checks the keys of one guest; `console` gives what it has printed so far. */
export function hostKeyCheck(console: () => Promise<string>): HostKeyCheck {
  let pinned: Buffer | undefined;
  let proven = async (): Promise<Buffer[]> => [];
  async function judge(key: Buffer, others = async (): Promise<Buffer[]> => []) {
    const { names, types } = printedHostKeys(await console());
    const isPrinted = (one: Buffer) => namesOf(one).all.some((name) => names.has(name));
    if (names.size > 0) {
      if (isPrinted(key) || (await others()).some(isPrinted)) return 'printed';
      const hidden = types.size > 0 && !types.has(typeOf(key));
      throw foreign(
        key,
        "is none of those that the guest's console prints",
        hidden
          ? `; an image that keeps keys of type ${typeOf(key)} off its console is to print them (ssh_key_console_blacklist of cloud-init)`
          : '',
      );
    }
    const same = !pinned || (pinned.length === key.length && timingSafeEqual(pinned, key));
    if (same) return 'first-use';
    throw foreign(key, `is not ${fingerprintOf(pinned ?? key)}, which it had before`);
  }
  return {
    types: async () => printedHostKeys(await console()).types,
    async verify(key) {
      await judge(key);
    },
    pin(key, others = async () => []) {
      if (!pinned) [pinned, proven] = [key, others];
    },
    trust: async () => (pinned ? judge(pinned, proven) : undefined),
    pinned: () => pinned,
  };
}
