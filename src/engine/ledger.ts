/**
 * The ledger: every resource made outside the process is written down before
 * it is made, so that the next run can clear what a killed one left.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  futimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { OzError } from '../base/errors.ts';
import type { LedgerEntry, LedgerWriter } from '../base/ledger-entry.ts';
import { pidSpace, startTimeOf } from '../base/process-identity.ts';

export interface Ledger extends LedgerWriter {
  /** What this run has made and not yet given up, the newest first. */
  entries(): LedgerEntry[];
  /** Ends the ledger; its file stays while there are entries. */
  close(): void;
}

interface Owner {
  pid: number;
  started: string;
  /** Where the pid means something; ledgers of older versions don't tell. */
  space?: string | undefined;
}

/** A run touches its ledger so often; for other machines and containers that share the directory. */
const heartbeatMs = 60_000;
/** After so long without, a run that can't be asked counts as dead. */
const silentMs = 15 * heartbeatMs;

type Line = { owner: Owner } | { add: LedgerEntry } | { drop: LedgerEntry };

const keyOf = (entry: LedgerEntry) =>
  `${entry.place}\0${entry.kind}\0${entry.ref}\0${entry.at ?? ''}`;

function isAlive(owner: Owner, file: string): boolean {
  if (owner.space !== undefined && owner.space !== pidSpace()) {
    const touched = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    return touched === undefined || Date.now() - touched < silentMs;
  }
  return startTimeOf(owner.pid) === owner.started;
}

function ledgerDir(dataDir: string): string {
  return path.join(dataDir, 'ledger');
}

/** Opens this run's own ledger below the data directory. */
export function openLedger(dataDir: string): Ledger {
  const dir = ledgerDir(dataDir);
  mkdirSync(dir, { recursive: true, mode: 0o755 });
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
  const started = startTimeOf(process.pid) ?? '';
  try {
    write({ owner: { pid: process.pid, started, space: pidSpace() } });
    renameSync(begun, file); // one without an owner would count as a dead run's
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
      write({ add: entry });
    },
    drop(entry) {
      if (open.delete(keyOf(entry)) && !closed) write({ drop: entry });
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

export interface DeadLedger {
  file: string;
  entries: LedgerEntry[];
}

function parseLedger(text: string): { owner: Owner | null; entries: LedgerEntry[] } {
  const open = new Map<string, LedgerEntry>();
  let owner: Owner | null = null;
  for (const row of text.split('\n')) {
    let line: Line;
    try {
      line = JSON.parse(row) as Line;
    } catch {
      continue; // a line cut off by the crash: what it names was not made yet
    }
    if ('owner' in line) owner = line.owner;
    if ('add' in line) open.set(keyOf(line.add), line.add);
    if ('drop' in line) open.delete(keyOf(line.drop));
  }
  return { owner, entries: [...open.values()].reverse() };
}

/** Ledgers of runs that ended without clearing up. */
export function deadLedgers(dataDir: string): DeadLedger[] {
  const dir = ledgerDir(dataDir);
  let names: string[];
  try {
    names = readdirSync(dir).filter((name) => name.endsWith('.jsonl'));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const file = path.join(dir, name);
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      return []; // its owner has just finished
    }
    const { owner, entries } = parseLedger(text);
    return owner && isAlive(owner, file) ? [] : [{ file, entries }];
  });
}

export type RemoveEntry = (entry: LedgerEntry) => Promise<void>;

/** Removes a file or directory of this machine that a ledger names. */
export async function removeFileEntry(entry: LedgerEntry): Promise<void> {
  if (!path.isAbsolute(entry.ref)) {
    throw new OzError('OZ_LEDGER', `Cannot clear ${entry.ref}: not an absolute path`);
  }
  await rm(entry.ref, { recursive: true, force: true });
}

/**
 * Clears what dead runs left. `remove` handles the entries of backends; one
 * that can't be removed now stays for the next run. Returns what was removed
 * and what was not.
 */
export async function clearDeadLedgers(
  dataDir: string,
  remove: RemoveEntry,
  signal?: AbortSignal,
): Promise<{ removed: LedgerEntry[]; failed: { entry: LedgerEntry; error: unknown }[] }> {
  const removed: LedgerEntry[] = [];
  const failed: { entry: LedgerEntry; error: unknown }[] = [];
  for (const ledger of deadLedgers(dataDir)) {
    let whole = true;
    for (const entry of ledger.entries) {
      signal?.throwIfAborted();
      try {
        await (entry.place === 'file' ? removeFileEntry(entry) : remove(entry));
        removed.push(entry);
      } catch (error) {
        signal?.throwIfAborted();
        whole = false;
        failed.push({ entry, error });
      }
    }
    if (whole) rmSync(ledger.file, { force: true });
  }
  return { removed, failed };
}
