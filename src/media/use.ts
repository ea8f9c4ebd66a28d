/** Which media builds work with, so that none is taken away under another one's guest. */
import { randomBytes } from 'node:crypto';
import { lstat, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { LedgerEntry, LedgerWriter } from '../base/ledger-entry.ts';
import { dropMedium } from './cache.ts';
import { acquireIfFree, acquireLock, isLocked } from './lock.ts';
import { isStillPinned, pinOf } from './pin.ts';
import { keepingRecord } from './record.ts';

export interface MediumUse {
  /** The build's own name for the medium, once it is fetched. */
  pin: string;
  /** `drop`: takes the medium away, too; where another build uses it that one will. */
  end(options: { drop: boolean }): Promise<void>;
  /** Ends it, but for the pin: a guest that is kept goes on with that. */
  leave(): Promise<void>;
}

const markOf = (cachePath: string, id: string) => `${pinOf(cachePath, id)}.lock`;

/** The pin that a mark belongs to. */
export const pinOfMark = (mark: string): string => mark.replace(/\.lock$/, '');

async function marksOf(cachePath: string): Promise<string[]> {
  const dir = path.dirname(cachePath);
  const begin = path.basename(markOf(cachePath, '')).replace(/\.lock$/, '');
  const names = await readdir(dir);
  return names
    .filter((name) => name.startsWith(begin) && name.endsWith('.lock'))
    .map((name) => path.join(dir, name));
}

async function isUsed(cachePath: string): Promise<boolean> {
  for (const mark of await marksOf(cachePath)) if (await isLocked(mark)) return true;
  return false;
}

/** Removes the marks of killed builds, and their pins. */
async function sweep(cachePath: string): Promise<void> {
  for (const mark of await marksOf(cachePath)) {
    const stale = await acquireIfFree(mark).catch(() => null);
    if (!stale) continue;
    await rm(pinOfMark(mark), { force: true });
    await stale.release();
  }
}

/** Takes a pin away; without the medium's lock, which a long download may hold, it is hashed next time. */
async function unpin(cachePath: string, pin: string): Promise<void> {
  const lock = await acquireIfFree(`${cachePath}.lock`).catch(() => null);
  const remove = () => rm(pin, { force: true });
  try {
    await (lock ? keepingRecord(cachePath, remove) : remove());
  } finally {
    await lock?.release();
  }
}

/**
 * Marks a medium as used, before it is fetched, by a lock beside it that ends with this process;
 * its file and the pin are in the ledger.
 */
export async function useMedium(ledger: LedgerWriter, cachePath: string): Promise<MediumUse> {
  const id = randomBytes(4).toString('hex');
  const mark = markOf(cachePath, id);
  const pin = pinOf(cachePath, id);
  const marked: LedgerEntry = { place: 'file', kind: 'path', ref: mark };
  const pinned: LedgerEntry = { place: 'file', kind: 'path', ref: pin };
  ledger.add(marked);
  ledger.add(pinned);
  const lock = await acquireLock(mark);
  await sweep(cachePath);
  const unmark = async () => {
    await lock.release();
    ledger.drop(marked);
  };
  return {
    pin,
    async end({ drop }) {
      // What another build has put in its place is that build's to keep.
      const own = drop && (await isStillPinned(cachePath, pin));
      await unpin(cachePath, pin);
      ledger.drop(pinned);
      await unmark();
      if (!own || (await isUsed(cachePath))) return;
      // Who has it uses the medium, and may be fetching it for hours, or takes it away as well.
      const free = await acquireIfFree(`${cachePath}.lock`);
      if (!free) return;
      try {
        if (!(await isUsed(cachePath))) await dropMedium(cachePath);
      } finally {
        await free.release();
      }
    },
    async leave() {
      const isPinned = await lstat(pin).catch(() => null);
      if (!isPinned) ledger.drop(pinned);
      await unmark();
    },
  };
}
