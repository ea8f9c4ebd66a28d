/**
 * Locks between processes, by flock(2): the kernel gives one up when its
 * holder ends, however it ends, so no lock is ever stale.
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, rm, stat } from 'node:fs/promises';
import { constants as system } from 'node:os';
import path from 'node:path';
import koffi from 'koffi';
import { delay } from '../base/abort.ts';
import { codeOf, OzError } from '../base/errors.ts';
import { makeDirectory } from '../base/make-directory.ts';
import { readBounded } from '../base/read-bounded.ts';
import { wordWriteFailure } from './write-failure.ts';

const { errno } = system;

const LOCK_EX = 2;
const LOCK_NB = 4;

type Flock = (fd: number, operation: number) => number;

let loaded: Flock | undefined;

function flock(): Flock {
  // null: the symbols of the process itself, so that the C library's name doesn't matter.
  loaded ??= koffi.load(null).func('int flock(int fd, int operation)') as Flock;
  return loaded;
}

/** Locks an open file until it is closed; false: somebody else has it; null: that can't be known. */
export function lockOpenFile(fd: number): boolean | null {
  if (flock()(fd, LOCK_EX | LOCK_NB) === 0) return true;
  return koffi.errno() === errno.EWOULDBLOCK ? false : null;
}

export interface Lock {
  release(): Promise<void>;
}

export interface LockOptions {
  signal?: AbortSignal | undefined;
  /** Told once, when another process holds the lock; its pid where it is known. */
  onWait?: ((holder: number | null) => void) | undefined;
}

const pollMs = 200;

const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

async function openLockFile(file: string): Promise<FileHandle> {
  try {
    await makeDirectory(path.dirname(file));
    for (;;) {
      const handle = await open(file, flags, 0o644);
      const found = await handle.stat();
      if (found.isFile() && found.nlink <= 1) return handle;
      // It is another file by this name, which nobody here has made: not to be written to.
      await handle.close();
      await rm(file, { force: true });
    }
  } catch (error) {
    throw wordWriteFailure(error, file, `lock ${file}`);
  }
}

/** Whether the name still leads to this file: its former holder may have removed it. */
async function isCurrent(handle: FileHandle, file: string): Promise<boolean> {
  const own = await handle.stat();
  const now = await stat(file).catch(() => null);
  return now !== null && now.ino === own.ino && now.dev === own.dev;
}

async function holderOf(file: string): Promise<number | null> {
  const text = await readBounded(file, 64).catch(() => undefined);
  const pid = Number.parseInt(text?.toString('latin1') ?? '', 10);
  return pid > 0 ? pid : null;
}

/** False while somebody else has it; some network file systems have no such locks at all. */
function take(fd: number, file: string): boolean {
  if (flock()(fd, LOCK_EX | LOCK_NB) === 0) return true;
  const why = koffi.errno();
  if (why === errno.EWOULDBLOCK || why === errno.EINTR) return false;
  const name = Object.entries(errno).find(([, number]) => number === why)?.[0];
  throw new OzError('OZ_LOCK', `Cannot lock ${file}: ${name ?? `error ${why}`}`, {
    hint: 'its file system has no locks: set other directories in oz.cfg ([paths])',
  });
}

async function tryLock(file: string): Promise<FileHandle | null> {
  const handle = await openLockFile(file);
  try {
    if (take(handle.fd, file) && (await isCurrent(handle, file))) {
      // Whose it is is told to others where there is room for it.
      await handle.truncate(0).catch(() => {});
      await handle.write(`${process.pid}\n`, 0).catch(() => {});
      return handle;
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return null;
}

/**
 * Takes the lock `file`, waiting while another process (or another part of
 * this one) has it. The file is removed on release; one that a killed process
 * left is not in the way.
 */
export async function acquireLock(file: string, options: LockOptions = {}): Promise<Lock> {
  for (let told = false; ; ) {
    options.signal?.throwIfAborted();
    const handle = await tryLock(file);
    if (handle) return { release: () => release(handle, file) };
    if (!told) options.onWait?.(await holderOf(file));
    told = true;
    await delay(pollMs, options.signal);
  }
}

/** The same without waiting; null while somebody else has it. */
export async function acquireIfFree(file: string): Promise<Lock | null> {
  const handle = await tryLock(file);
  return handle && { release: () => release(handle, file) };
}

/** Reading is enough where the file system is of this machine; null: not even that. */
async function openToLook(file: string): Promise<FileHandle | null> {
  const flags = constants.O_NOFOLLOW | constants.O_NONBLOCK;
  return open(file, constants.O_RDWR | flags).catch((error: unknown) => {
    if (codeOf(error) !== 'EACCES') throw error;
    return open(file, constants.O_RDONLY | flags).catch(() => null);
  });
}

/** Whether a living process holds the lock now; another user's that nobody may look at counts. */
export async function isLocked(file: string): Promise<boolean> {
  let handle: FileHandle | null;
  try {
    handle = await openToLook(file);
    if (!handle) return (await lstat(file)).uid !== process.geteuid?.();
  } catch {
    return false;
  }
  try {
    return flock()(handle.fd, LOCK_EX | LOCK_NB) !== 0;
  } finally {
    await handle.close();
  }
}

async function release(handle: FileHandle, file: string): Promise<void> {
  await rm(file, { force: true }); // while it is held: nobody else can have taken it
  await handle.close();
}

/** Calls `use` while the lock is held. */
export async function withLock<T>(
  file: string,
  options: LockOptions,
  use: () => Promise<T>,
): Promise<T> {
  const lock = await acquireLock(file, options);
  try {
    return await use();
  } finally {
    await lock.release();
  }
}
