/** The SSH key by which builds get into their guests, at [paths] sshprivkey. */
import { generateKeyPair } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import ssh2 from 'ssh2';
import { besideName, writeFileAtomic } from '../base/atomic-file.ts';
import { codeOf, OzError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { makeDirectory } from '../base/make-directory.ts';
import { gather, textWithin, tooLarge } from '../base/read-bounded.ts';
import { whyOf } from '../base/system-errors.ts';

export interface SshKey {
  /** PEM or OpenSSH form. Secret. */
  privateKey: string;
  /** One line in OpenSSH's form, without a line end. */
  publicKey: string;
}

/** An RSA key of Oz's size: the oldest guests know nothing else. */
const bits = 2048;

function bad(file: string, why: string, hint: string): OzError {
  return new OzError('OZ_SSH_KEY', `Cannot use the SSH key ${file}: ${why}`, { hint });
}

function publicLine(file: string, privateKey: string): string {
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error) {
    const encrypted = /encrypted|passphrase/i.test(parsed.message);
    throw bad(
      file,
      encrypted ? 'it is encrypted' : 'it is no private key in PEM or OpenSSH form',
      encrypted
        ? 'give a key without a passphrase, or remove it with ssh-keygen -p'
        : 'move the file away and a new key is made',
    );
  }
  if (!parsed.isPrivateKey()) {
    throw bad(file, 'it holds a public key', 'name the private key, without .pub');
  }
  // The comment is ours: user and host names do not belong in an image.
  return `${parsed.type} ${parsed.getPublicSSH().toString('base64')} ozma`;
}

async function readKey(file: string): Promise<SshKey | undefined> {
  let text: string;
  try {
    const handle = await open(file, 'r');
    try {
      const { mode } = await handle.stat();
      if (mode & 0o077) {
        throw bad(file, 'others can read it', `chmod 600 ${file}, or make a new key`);
      }
      const bytes = await gather(handle.createReadStream({ autoClose: false }), limits.record);
      if (!bytes) throw bad(file, tooLarge(limits.record).message, 'name a private key');
      text = bytes.toString('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (error instanceof OzError) throw error;
    throw bad(file, whyOf(error), 'check [paths] sshprivkey in oz.cfg');
  }
  return { privateKey: text, publicKey: publicLine(file, text) };
}

async function createKey(file: string): Promise<void> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: bits,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const temporary = besideName(file);
  try {
    await makeDirectory(path.dirname(file));
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(privateKey);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // Unlike rename, link never replaces the key that a parallel build has just made.
    await link(temporary, file).catch((error) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  } catch (error) {
    throw bad(file, whyOf(error), 'check [paths] sshprivkey in oz.cfg');
  } finally {
    await rm(temporary, { force: true });
  }
}

/** `.pub` is for humans and other tools; a key in a read-only place is used without it. */
async function keepPublicKey(file: string, line: string): Promise<void> {
  const name = `${file}.pub`;
  const known = await textWithin(name, limits.record).catch(() => '');
  const blob = (text: string) => text.trim().split(/\s+/)[1];
  if (blob(known) === blob(line)) return;
  await writeFileAtomic(name, `${line}\n`).catch(() => {});
}

/**
 * Reads the key, or makes one (mode 0600, `.pub` beside it) when there is none.
 * Safe with builds in parallel, needs no terminal. Throws OZ_SSH_KEY.
 */
export async function loadOrCreateKey(file: string): Promise<SshKey> {
  let key = await readKey(file);
  if (!key) {
    await createKey(file);
    key = await readKey(file);
  }
  if (!key) throw bad(file, 'it vanished', 'check [paths] sshprivkey in oz.cfg');
  await keepPublicKey(file, key.publicKey);
  return key;
}

/** loadOrCreateKey() for a plan, which names the private key instead of holding it. */
export async function ensureKeyPair(
  file: string,
): Promise<{ publicKey: string; privateKeyPath: string }> {
  const { publicKey } = await loadOrCreateKey(file);
  return { publicKey, privateKeyPath: file };
}
