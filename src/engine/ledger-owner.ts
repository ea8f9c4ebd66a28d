/** Whose a ledger is, and whether that run still lives. Doubt means that it does. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, statfsSync, statSync } from 'node:fs';
import { pidSpace, startTimeOf } from '../base/process-identity.ts';
import { lockOpenFile } from '../media/lock.ts';

/** The first line of a ledger. */
export interface Owner {
  pid: number;
  started: string;
  /** Where the pid means something: host name, boot and pid namespace. */
  space?: string | undefined;
  /** Whether the file is locked while its run lives, which other containers can see. */
  locked?: boolean | undefined;
  /** Of all that, so that a damaged line is not believed. Older versions wrote none. */
  sum?: string | undefined;
}

export type Life = 'alive' | 'dead' | { unknown: string };

/** A run touches its ledger this often; for other machines and containers that share the directory. */
export const heartbeatMs = 60_000;
/** A run that can't be asked is taken as alive without a word while it was heard within this time. */
const silentMs = 15 * heartbeatMs;

const keys = new Set(['pid', 'started', 'space']);

/** The line with its sum. */
export function summed({ pid, started, space, locked }: Owner): Owner {
  const text = JSON.stringify([pid, started, space ?? null, locked ?? null]);
  const sum = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return { pid, started, space, locked, sum };
}

/** What this process writes as its first line. */
export function ownOwner(locked: boolean): Owner {
  const started = startTimeOf(process.pid) ?? '';
  return summed({ pid: process.pid, started, space: pidSpace(), locked });
}

/** Null for what is damaged. */
export function parseOwner(value: unknown): Owner | null {
  if (typeof value !== 'object' || value === null) return null;
  const { pid, started, space, locked, sum } = value as Record<string, unknown>;
  if (!Number.isSafeInteger(pid) || (pid as number) < 1 || typeof started !== 'string') return null;
  if (space !== undefined && typeof space !== 'string') return null;
  const owner: Owner = { pid: pid as number, started, space, locked: locked as boolean };
  if (sum !== undefined) return sum === summed(owner).sum ? owner : null;
  // A flipped bit in the name of the sum must not make it one of an older version.
  return Object.keys(value).every((key) => keys.has(key)) ? owner : null;
}

interface Space {
  host: string;
  boot: string;
  namespace: string;
}

function parseSpace(space: string): Space {
  const parts = space.split('/');
  const [host = '', boot = '', namespace = ''] = parts;
  return { host, boot, namespace };
}

/** File systems that one running kernel alone has: ext, XFS, Btrfs, tmpfs, overlay, F2FS, ZFS, bcachefs. */
const localTypes = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0xf2f52010, 0x2fc12fc1, 0xca451a4e,
]);

function isLocal(file: string): boolean {
  try {
    return localTypes.has(statfsSync(file).type);
  } catch {
    return false;
  }
}

/** By a living process of this machine, whichever container it is in. */
function isLocked(file: string): boolean {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return false;
  }
  try {
    return lockOpenFile(fd) === false;
  } finally {
    closeSync(fd);
  }
}

const damaged: Life = { unknown: "the line that says whose it is can't be read" };

function askProcess({ pid, started }: Owner): Life {
  const now = startTimeOf(pid);
  if (now === '' && started !== '') return { unknown: `process ${pid} cannot be looked at` };
  return now === started ? 'alive' : 'dead';
}

function wasHeard(file: string): boolean {
  const touched = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  return touched === undefined || Math.abs(Date.now() - touched) < silentMs;
}

/**
 * Whether the run that wrote this ledger lives. It is dead where its process is gone, or the
 * machine was started anew since; what can't be asked is unknown.
 */
export function lifeOf(owner: Owner | null, file: string): Life {
  if (!owner) return isLocked(file) ? 'alive' : damaged;
  if (owner.space === undefined) return askProcess(owner);
  const [its, ours] = [parseSpace(owner.space), parseSpace(pidSpace())];
  if (its.boot === ours.boot) {
    // The host's name may have been changed meanwhile.
    if (its.namespace === ours.namespace && its.boot !== '') return askProcess(owner);
    if (owner.space === pidSpace()) return askProcess(owner);
    if (owner.locked && isLocal(file)) return isLocked(file) ? 'alive' : 'dead';
    return elsewhere('it was begun in another container', file);
  }
  if (its.host === ours.host && isLocal(file)) return 'dead';
  return elsewhere(`it was begun on ${its.host || 'another machine'}`, file);
}

function elsewhere(why: string, file: string): Life {
  return wasHeard(file) ? 'alive' : { unknown: why };
}
