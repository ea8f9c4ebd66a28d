/** Reads ledgers of earlier runs: one bad line costs one line. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { LedgerEntry } from '../base/ledger-entry.ts';
import { type Life, lifeOf, type Owner, parseOwner } from './ledger-owner.ts';
import { directoryDoubt, parseEntry, readTrusted } from './ledger-trust.ts';

/** Where the ledgers are. */
export function ledgerDir(dataDir: string): string {
  return path.join(dataDir, 'ledger');
}

/** The same for two entries of one resource. */
export function keyOf(entry: LedgerEntry): string {
  return `${entry.place}\0${entry.kind}\0${entry.ref}\0${entry.at ?? ''}`;
}

/** Characters; real ones have some hundred. */
const lineLimit = 64 * 1024;

interface Parsed {
  owner: Owner | null;
  /** The newest first. */
  entries: LedgerEntry[];
  /** Lines that Ozma does not write so. */
  bad: number;
}

function parseRow(row: string): Record<string, unknown> | null {
  if (row.length > lineLimit) return null;
  try {
    const line: unknown = JSON.parse(row);
    return typeof line === 'object' && line !== null ? (line as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** A full disk took a part of it: what it names was not made. */
const isTornAdd = (row: string) => row.startsWith('{"add":') && !row.endsWith('}');

/** Whether this is what a full disk or a crash left of the line that gives the entry up. */
function mayBeDrop(row: string, entry: LedgerEntry): boolean {
  const left = row.replace(/\ufffd+$/, ''); // half a character
  return left.startsWith('{') && JSON.stringify({ drop: entry }).startsWith(left);
}

/** Takes whatever bytes there are. What may have been given up is not among the entries. */
export function parseLedger(text: string): Parsed {
  const open = new Map<string, LedgerEntry>();
  const [first = '', ...rows] = text.split('\n');
  // A crash cut it off, or it is empty: what it adds was not made yet.
  const last = rows.pop() ?? '';
  const owner = parseOwner(parseRow(first)?.owner);
  let bad = 0;
  /** Whether there is any that the row may give up. */
  const doubt = (row: string): boolean => {
    const given = [...open].filter(([, entry]) => mayBeDrop(row, entry));
    for (const [key] of given) open.delete(key);
    return given.length > 0;
  };
  for (const row of rows) {
    if (row === '') continue;
    const line = parseRow(row);
    const added = parseEntry(line?.add);
    const dropped = parseEntry(line?.drop);
    if (added) open.set(keyOf(added), added);
    else if (dropped) open.delete(keyOf(dropped));
    else if (doubt(row) || !isTornAdd(row)) bad++;
  }
  if (doubt(last)) bad++;
  return { owner, entries: [...open.values()].reverse(), bad };
}

/** A ledger whose run is dead. */
export interface DeadLedger {
  file: string;
  /** What it left, the newest first. */
  entries: LedgerEntry[];
  /** Lines that can't be read. */
  bad: number;
}

export interface Found {
  dead: DeadLedger[];
  /** Sentences about what is left alone, and how to get rid of it. */
  doubts: string[];
}

function doubtOf(file: string, why: string, entries: readonly LedgerEntry[] = []): string {
  const some = entries.slice(0, 3).map(({ kind, ref }) => `${kind} ${ref}`);
  const more = entries.length > some.length ? [`${entries.length - some.length} more`] : [];
  const what = [...some, ...more].join(', ');
  const rest = what ? ` what it made (${what}) and` : '';
  return `left ${file} of an earlier run alone: ${why}; if that run has ended, remove${rest} the file`;
}

function judge(file: string, life: Life, { entries, bad }: Parsed, found: Found): void {
  if (life === 'dead') found.dead.push({ file, entries, bad });
  else if (life !== 'alive') found.doubts.push(doubtOf(file, life.unknown, entries));
}

/** Ledgers of runs that ended without clearing up, and what may be such. */
export function findLedgers(dataDir: string): Found {
  const dir = ledgerDir(dataDir);
  const found: Found = { dead: [], doubts: [] };
  const doubt = directoryDoubt(dir);
  if (doubt === undefined) return found;
  let names: string[];
  try {
    names = readdirSync(dir).filter((name) => name.endsWith('.jsonl'));
  } catch {
    return found; // who can't be seen to be there can't be cleared up after
  }
  const foreign: number[] = [];
  for (const name of names) {
    const file = path.join(dir, name);
    const read = readTrusted(file);
    if (read === null) continue; // its owner has just finished
    if ('foreign' in read) foreign.push(read.foreign);
    else if ('doubt' in read) found.doubts.push(doubtOf(file, read.doubt));
    else {
      const parsed = parseLedger(read.text);
      const life = lifeOf(parsed.owner, file);
      // Only what would be obeyed is worth a word.
      const trusted = doubt === null || life === 'alive';
      judge(file, trusted ? life : { unknown: `of ${dir}: ${doubt}` }, parsed, found);
    }
  }
  if (foreign.length > 0) {
    const count = foreign.length === 1 ? '1 ledger' : `${foreign.length} ledgers`;
    const users = [...new Set(foreign)].join(', ');
    found.doubts.push(`left ${count} in ${dir} alone: of other users (${users})`);
  }
  return found;
}
