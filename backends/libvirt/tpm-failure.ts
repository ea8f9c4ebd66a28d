/** Why libvirt could not make a guest's TPM: it names only the log of the program it asked. */
import path from 'node:path';
import { limits } from '../../src/base/limits.ts';
import { readBoundedSync } from '../../src/base/read-bounded.ts';

const named = /Could not run '[^']*swtpm[^']*'.*Check error log '([^']+)'/s;
/** What the program complains of; its other lines are long keys, and consequences. */
const telling = /^(need|could not|cannot|can't|failed|no) /i;
const foreign = /rights on (\S+) for user (\S+?)\.?$/;

export interface TpmFailure {
  /** The log's own words. */
  words: string;
  hint: string;
}

const usualHint = 'the log that libvirt names has the rest; swtpm_setup makes the same by hand';

/** Null where it is another failure, or the log can't be read. */
export function tpmFailure(message: string): TpmFailure | null {
  const [, log] = named.exec(message) ?? [];
  if (log === undefined) return null;
  try {
    const words = readBoundedSync(log, limits.evidence)
      ?.toString('utf8')
      .split('\n')
      .map((line) => line.trim())
      .find((line) => telling.test(line));
    if (words === undefined) return null;
    const [, file, user] = foreign.exec(words) ?? [];
    // Made by a libvirtd that was there before the package brought that user.
    const hint =
      file && user
        ? `give it to that user: chown -R ${user} ${path.posix.dirname(file)}`
        : usualHint;
    return { words: words.slice(0, 300), hint };
  } catch {
    return null; // of another machine, or not for this user
  }
}
