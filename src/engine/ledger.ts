/**
 * The ledger: every resource made outside the process is written down before
 * it is made, so that the next run can clear what a killed one left.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  futimesSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { LedgerEntry, LedgerWriter } from '../base/ledger-entry.ts';
import { makeDirectorySync } from '../base/make-directory.ts';
import { lockOpenFile } from '../media/lock.ts';
import { keyOf, ledgerDir } from './ledger-file.ts';
import { heartbeatMs, type Owner, ownOwner } from './ledger-owner.ts';

export interface Ledger extends LedgerWriter {
  /** What this run has made and not yet given up, the newest first. */
  entries(): LedgerEntry[];
  /** Ends the ledger; its file stays while there are entries. */
  close(): void;
}

type Line = { owner: Owner } | { add: LedgerEntry } | { drop: LedgerEntry };

/** Always in this order: what is left of a torn line is compared with whole ones. */
const inOrder = ({ place, kind, ref, at }: LedgerEntry): LedgerEntry => ({ place, kind, ref, at });

/** Opens this run's own ledger below the data directory. */
export function openLedger(dataDir: string): Ledger {
  const dir = ledgerDir(dataDir);
  makeDirectorySync(dir, 0o755);
  const name = `${process.pid}-${randomBytes(4).toString('hex')}`;
  const file = path.join(dir, `${name}.jsonl`);
  const begun = path.join(dir, `.${name}.tmp`);
  const fd = openSync(begun, 'ax', 0o600);
  const open = new Map<string, LedgerEntry>();
  let torn = false;
  /** A full disk takes a part of a line, and tells with the next write. */
  const write = (line: Line) => {
    const bytes = Buffer.from(`${torn ? '\n' : ''}${JSON.stringify(line)}\n`);
    torn = true;
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    torn = false;
    fsyncSync(fd);
  };
  try {
    write({ owner: ownOwner(lockOpenFile(fd) === true) });
    renameSync(begun, file); // nobody would know whether one without an owner is a dead run's
  } catch (error) {
    closeSync(fd);
    rmSync(begun, { force: true });
    throw error;
  }
  const heartbeat = setInterval(() => {
    try {
      futimesSync(fd, new Date(), new Date());
    } catch {
      // on this machine the process itself tells
    }
  }, heartbeatMs);
  heartbeat.unref();
  let closed = false;
  return {
    add(entry) {
      open.set(keyOf(entry), entry);
      write({ add: inOrder(entry) });
    },
    drop(entry) {
      if (open.delete(keyOf(entry)) && !closed) write({ drop: inOrder(entry) });
    },
    has: (entry) => open.has(keyOf(entry)),
    entries: () => [...open.values()].reverse(),
    close() {
      if (closed) return;
      closed = true;
      clearInterval(heartbeat);
      closeSync(fd);
      if (open.size === 0) rmSync(file, { force: true });
    },
  };
}
