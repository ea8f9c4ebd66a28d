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

/** The host keys and fingerprints that a console shows; empty: none. */
export function printedHostKeys(console: string): Set<string> {
  const found = [
    ...blocks(console, 'FINGERPRINTS').flatMap(
      (lines) => lines.join('\n').match(fingerprint) ?? [],
    ),
    ...blocks(console, 'KEYS').flatMap((lines) => lines.join('\n').match(wholeKey) ?? []),
  ];
  return new Set(found);
}

export type HostKeyTrust = 'printed' | 'first-use';

export interface HostKeyCheck {
  /** Throws `OZ_SSH_HOST_KEY` for one that is not the guest's. */
  verify(key: Buffer): Promise<void>;
  /** This one let us in: from now on no other does. */
  pin(key: Buffer): void;
  /** What the key that let us in is trusted by; the console may show them later. Throws as verify(). */
  trust(): Promise<HostKeyTrust | undefined>;
  pinned(): Buffer | undefined;
}

function foreign(key: Buffer, why: string): OzError {
  return new OzError(
    'OZ_SSH_HOST_KEY',
    `Cannot trust the SSH server that answers for the guest: its host key ${fingerprintOf(key)} ${why}`,
    { hint: "see who else has the guest's address on that network, then run it again" },
  );
}

/** Checks the keys of one guest; `console` gives what it has printed so far. */
export function hostKeyCheck(console: () => Promise<string>): HostKeyCheck {
  let pinned: Buffer | undefined;
  async function judge(key: Buffer): Promise<HostKeyTrust> {
    const printed = printedHostKeys(await console());
    if (printed.size > 0) {
      if (namesOf(key).all.some((name) => printed.has(name))) return 'printed';
      throw foreign(key, "is none of those that the guest's console prints");
    }
    const same = !pinned || (pinned.length === key.length && timingSafeEqual(pinned, key));
    if (same) return 'first-use';
    throw foreign(key, `is not ${fingerprintOf(pinned ?? key)}, which it had before`);
  }
  return {
    async verify(key) {
      await judge(key);
    },
    pin(key) {
      pinned ??= key;
    },
    trust: async () => (pinned ? judge(pinned) : undefined),
    pinned: () => pinned,
  };
}
