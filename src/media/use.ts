/** Which media builds work with, so that none is taken away under another one's guest. */
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { LedgerEntry, LedgerWriter } from '../base/ledger-entry.ts';
import { dropMedium } from './cache.ts';
import { acquireLock, isLocked, withLock } from './lock.ts';

export interface MediumUse {
  /** `drop`: takes the medium away, too; where another build uses it that one will. */
  end(options: { drop: boolean }): Promise<void>;
}

const markOf = (cachePath: string, id: string) => `${cachePath}.used-${id}.lock`;

async function marksOf(cachePath: string): Promise<string[]> {
  const dir = path.dirname(cachePath);
  const begin = path.basename(markOf(cachePath, '')).replace(/\.lock$/, '');
  const names = await readdir(dir);
  return names.filter((name) => name.startsWith(begin)).map((name) => path.join(dir, name));
}

async function isUsed(cachePath: string): Promise<boolean> {
  for (const mark of await marksOf(cachePath)) if (await isLocked(mark)) return true;
  return false;
}

/** Removes the marks of killed builds. */
async function sweep(cachePath: string): Promise<void> {
  const refuse = () => {
    throw new Error('in use');
  };
  for (const mark of await marksOf(cachePath)) {
    const stale = await acquireLock(mark, { onWait: refuse }).catch(() => null);
    await stale?.release();
  }
}

/**
 * Marks a medium as used, before it is fetched, by a lock beside it that ends with this process;
 * its file is in the ledger.
 */
export async function useMedium(ledger: LedgerWriter, cachePath: string): Promise<MediumUse> {
  const mark = markOf(cachePath, randomBytes(4).toString('hex'));
  const entry: LedgerEntry = { place: 'file', kind: 'path', ref: mark };
  ledger.add(entry);
  const lock = await acquireLock(mark);
  await sweep(cachePath);
  return {
    async end({ drop }) {
      await lock.release();
      ledger.drop(entry);
      if (!drop || (await isUsed(cachePath))) return;
      await withLock(`${cachePath}.lock`, {}, async () => {
        if (!(await isUsed(cachePath))) await dropMedium(cachePath);
      });
    },
  };
}
