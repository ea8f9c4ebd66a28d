/** What plan() is told besides TDL, oz.cfg and osinfo. */
import os from 'node:os';
import path from 'node:path';
import { codeOf, OzError } from '../base/errors.ts';
import { inWords, limits } from '../base/limits.ts';
import { readBounded } from '../base/read-bounded.ts';
import { whyOf } from '../base/system-errors.ts';
import type { OzConfig } from '../config/types.ts';
import type { PlanInput } from '../plan/input.ts';
import type { Around } from './around.ts';

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown'); // a user id without a name, as in containers
  }
}

export function thisHost(): PlanInput['host'] {
  return {
    cpus: os.availableParallelism(),
    memory: Math.floor(os.totalmem() / 1024 ** 2),
    user: userName(),
  };
}

/** The user's own answer file (-a). */
export async function readAnswer(
  file: string | undefined,
  around: Around,
): Promise<PlanInput['answer'] | undefined> {
  if (file === undefined) return undefined;
  const fail = (why: string, cause?: unknown) =>
    new OzError('OZ_ANSWER_FILE', `Cannot read answer file ${file}: ${why}`, {
      hint: 'give -a a text file, such as a preseed or kickstart file',
      cause,
    });
  let bytes: Buffer | undefined;
  try {
    bytes = await readBounded(path.resolve(around.cwd, file), limits.document);
  } catch (error) {
    throw fail(codeOf(error) === 'ENOENT' ? 'there is no such file' : whyOf(error), error);
  }
  if (!bytes) throw fail(`it is larger than ${inWords(limits.document)}`);
  return { name: path.resolve(around.cwd, file), ...decoded(bytes) };
}

/** A text that gives the same bytes again; Windows writes answer files in UTF-16 and code pages. */
function decoded(bytes: Buffer): Pick<NonNullable<PlanInput['answer']>, 'text' | 'encoding'> {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return { text: decoder.decode(bytes) };
  } catch {
    return { text: bytes.toString('latin1'), encoding: 'latin1' };
  }
}

/** Stands for the public key in a plan that is only shown. */
export const placeholderAccess = (config: OzConfig): NonNullable<PlanInput['access']> => ({
  publicKey: 'ssh-ed25519 KEY/THAT/THE/BUILD/MAKES ozma',
  privateKeyPath: config.paths.sshPrivKey,
});

/** The key pair that lets a build into its guests; made when there is none. */
export async function buildAccess(config: OzConfig): Promise<NonNullable<PlanInput['access']>> {
  const { ensureKeyPair } = await import('../customize/keys.ts');
  return ensureKeyPair(config.paths.sshPrivKey);
}
