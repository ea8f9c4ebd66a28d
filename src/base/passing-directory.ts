/** Directories for what is on its way: a ledger has them before they are there. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, OzError } from './errors.ts';
import type { LedgerEntry, LedgerWriter } from './ledger-entry.ts';
import { removeTree } from './remove-tree.ts';
import { systemHint, whyOf } from './system-errors.ts';

export interface PassingDirectory {
  path: string;
  /** As the ledger has it. */
  entry: LedgerEntry;
  /** With all that is in it; to be called in any case. */
  remove(): Promise<void>;
}

function failure(parent: string, error: unknown): OzError {
  const code = codeOf(error) ?? '';
  return new OzError(
    ['ENOSPC', 'EDQUOT'].includes(code) ? 'OZ_NO_SPACE' : 'OZ_NOT_WRITABLE',
    `Cannot make a directory in ${parent}: ${whyOf(error)}`,
    {
      hint: systemHint(error, 'name another place with TMPDIR, or in oz.cfg ([paths])'),
      cause: error,
    },
  );
}

/** Makes `<prefix><random>` in `parent`, of that mode whatever the umask. */
export async function makePassingDirectory(
  ledger: LedgerWriter,
  parent: string,
  prefix: string,
  mode = 0o700,
): Promise<PassingDirectory> {
  const dir = path.resolve(parent, `${prefix}${randomBytes(4).toString('hex')}`);
  const entry: LedgerEntry = { place: 'file', kind: 'path', ref: dir };
  ledger.add(entry);
  try {
    await mkdir(dir, { mode });
    await chmod(dir, mode);
  } catch (error) {
    ledger.drop(entry);
    throw failure(path.dirname(dir), error);
  }
  return {
    path: dir,
    entry,
    async remove() {
      await removeTree(dir);
      ledger.drop(entry);
    },
  };
}

/** Calls `use` with such a directory, which is gone afterwards. */
export async function inPassingDirectory<T>(
  ledger: LedgerWriter,
  parent: string,
  prefix: string,
  use: (dir: string) => Promise<T>,
): Promise<T> {
  const dir = await makePassingDirectory(ledger, parent, prefix);
  try {
    return await use(dir.path);
  } finally {
    await dir.remove();
  }
}
