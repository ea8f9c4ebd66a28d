/** Which ledgers are obeyed: what they name is deleted, by root as well. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { codeOf, messageOf } from '../base/errors.ts';
import type { LedgerEntry } from '../base/ledger-entry.ts';

/** Bytes of a whole ledger; real ones have a few kB. */
const fileLimit = 16 * 1024 * 1024;
const refLimit = 4096;

const me = () => process.geteuid?.() ?? 0;

/**
 * Why nothing in this directory is obeyed; null where it may be. A group may share it: what lies
 * in it is judged by its own owner. Undefined: there is none.
 */
export function directoryDoubt(dir: string): string | null | undefined {
  try {
    const stat = lstatSync(dir);
    const { mode, uid } = stat;
    if (!stat.isDirectory()) return 'it is not a directory';
    const sticky = (mode & 0o1000) !== 0;
    if ((mode & 0o002) !== 0 && !sticky) return 'everybody may write to it';
    const shared = (mode & 0o020) !== 0 || sticky;
    return uid === me() || uid === 0 || shared ? null : `it belongs to another user (${uid})`;
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? undefined : messageOf(error);
  }
}

export type Read = { text: string } | { doubt: string } | { foreign: number } | null;

const openWords: Readonly<Record<string, string>> = {
  ELOOP: 'it is a link',
  EACCES: "it can't be read",
  EPERM: "it can't be read",
};

/** The text of a ledger that the user owns and nobody else can have written; null: it is gone. */
export function readTrusted(file: string): Read {
  let fd: number;
  try {
    const { uid } = lstatSync(file);
    if (uid !== me()) return { foreign: uid };
    // A named pipe would make it wait.
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = codeOf(error) ?? '';
    return code === 'ENOENT' ? null : { doubt: openWords[code] ?? messageOf(error) };
  }
  try {
    const stat = fstatSync(fd);
    if (stat.nlink === 0) return null;
    if (!stat.isFile()) return { doubt: 'it is not a regular file' };
    if (stat.uid !== me()) return { foreign: stat.uid };
    if ((stat.mode & 0o022) !== 0) return { doubt: 'others may write to it' };
    if (stat.nlink > 1) return { doubt: 'it has several hard links' };
    if (stat.size > fileLimit) return { doubt: `it is larger than ${fileLimit >> 20} MiB` };
    return { text: readFileSync(fd, 'utf8') };
  } catch (error) {
    return { doubt: messageOf(error) };
  } finally {
    closeSync(fd);
  }
}

/** Files and directories that Ozma makes all end so, with a random number. */
const ownPath = /(?:^|[.-])[a-z][a-z0-9]*-[0-9a-f]{8}(?:\.lock)?$/;
const uuid = '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';
const cloudRef = /^(?:tag:)?[\w.-]+$/;

/** What Ozma makes, and how it calls it, by place and kind. */
const refs: Record<LedgerEntry['place'], Readonly<Record<string, RegExp>>> = {
  file: { path: ownPath },
  libvirt: {
    domain: new RegExp(`^(?:[^/]+/${uuid}|ozma-[a-z]+-[0-9a-f]{8})$`),
    volume: /^[^/]+\/ozma-[0-9a-f]{8}-[^/]+$/,
    pool: /^ozma-[0-9a-f]{8}$/,
  },
  openstack: {
    ...{ server: cloudRef, volume: cloudRef, image: cloudRef },
    ...{ 'floating-ip': cloudRef, port: cloudRef },
  },
  memory: { guest: /./, disk: /./, image: /./ }, // tests' own
};

/** The entry in a line of a ledger; null for what Ozma does not write. */
export function parseEntry(value: unknown): LedgerEntry | null {
  if (typeof value !== 'object' || value === null) return null;
  const { place, kind, ref, at } = value as Record<string, unknown>;
  if (typeof place !== 'string' || typeof kind !== 'string' || typeof ref !== 'string') return null;
  if (at !== undefined && (typeof at !== 'string' || at.length > refLimit)) return null;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no name that Ozma makes has one
  if (ref.length > refLimit || /[\x00-\x1f]/.test(ref)) return null;
  const kinds = Object.hasOwn(refs, place) ? refs[place as LedgerEntry['place']] : {};
  const known = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (!known) return null;
  if (place === 'file') {
    if (path.resolve(ref) !== ref || !known.test(path.basename(ref))) return null;
  } else if (!known.test(ref)) return null;
  return { place: place as LedgerEntry['place'], kind, ref, ...(at !== undefined && { at }) };
}

/** Why a file or directory that a ledger names is left alone; null where it may go, or is gone. */
export function pathDoubt(file: string): string | null {
  try {
    const stat = lstatSync(file);
    // Of a file or a link only the name goes, and libvirt may have given the file to QEMU's user.
    if (!stat.isDirectory() || stat.uid === me()) return null;
    return `it belongs to another user (${stat.uid})`;
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? null : messageOf(error);
  }
}
