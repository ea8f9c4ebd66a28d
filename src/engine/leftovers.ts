/** Clears what dead runs left, as their ledgers tell. */
import { renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { OzError } from '../base/errors.ts';
import type { LedgerEntry } from '../base/ledger-entry.ts';
import { removeTree } from '../base/remove-tree.ts';
import { findLedgers } from './ledger-file.ts';
import { pathDoubt } from './ledger-trust.ts';

export type RemoveEntry = (entry: LedgerEntry) => Promise<void>;

export interface Cleared {
  removed: LedgerEntry[];
  failed: { entry: LedgerEntry; error: unknown }[];
  /** What was left alone because it may be somebody else's, or alive; whole sentences. */
  doubts: string[];
}

/** Removes a file or directory of this machine that a ledger names. */
export async function removeFileEntry(entry: LedgerEntry): Promise<void> {
  if (!path.isAbsolute(entry.ref)) {
    throw new OzError('OZ_LEDGER', `Cannot clear ${entry.ref}: not an absolute path`);
  }
  await removeTree(entry.ref);
}

async function removeLeftFile(entry: LedgerEntry): Promise<void> {
  const doubt = pathDoubt(entry.ref);
  if (doubt !== null) throw new OzError('OZ_LEDGER', doubt, { hint: 'remove it by hand' });
  await removeFileEntry(entry);
}

/** Out of the way, but not away: it may name what nobody else knows of. */
function setAside(file: string, bad: number): string {
  const to = `${file}.damaged`;
  renameSync(file, to);
  const lines = bad === 1 ? '1 line was' : `${bad} lines were`;
  return `kept the ledger of an earlier run as ${to}: ${lines} not obeyed, being damaged or naming what Ozma does not make; look at them, and remove the file`;
}

/**
 * Clears what dead runs left. `remove` handles the entries of backends; one
 * that can't be removed now stays for the next run.
 */
export async function clearDeadLedgers(
  dataDir: string,
  remove: RemoveEntry,
  signal?: AbortSignal,
): Promise<Cleared> {
  const { dead, doubts } = findLedgers(dataDir);
  const cleared: Cleared = { removed: [], failed: [], doubts };
  for (const ledger of dead) {
    let whole = true;
    for (const entry of ledger.entries) {
      signal?.throwIfAborted();
      try {
        await (entry.place === 'file' ? removeLeftFile(entry) : remove(entry));
        cleared.removed.push(entry);
      } catch (error) {
        signal?.throwIfAborted();
        whole = false;
        cleared.failed.push({ entry, error });
      }
    }
    if (!whole) continue;
    if (ledger.bad > 0) doubts.push(setAside(ledger.file, ledger.bad));
    else rmSync(ledger.file, { force: true });
  }
  return cleared;
}
