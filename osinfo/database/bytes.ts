/** Files by their bytes: hundreds are looked at for a list, so that each must cost little. */
import { closeSync, openSync, readSync } from 'node:fs';
import { limits } from '../../src/base/limits.ts';
import { readBoundedSync, tooLarge } from '../../src/base/read-bounded.ts';

/** More than the largest of the database's files. */
const shared = Buffer.allocUnsafe(256 * 1024);

/**
 * What is in a file, to be used before the next one is read: all share one buffer. Throws
 * Node's errors, and tooLarge().
 */
export function bytesOf(file: string): Buffer {
  const handle = openSync(file, 'r');
  try {
    const length = readSync(handle, shared, 0, shared.length, 0);
    if (length < shared.length) return shared.subarray(0, length);
  } finally {
    closeSync(handle);
  }
  const whole = readBoundedSync(file, limits.database);
  if (!whole) throw tooLarge(limits.database);
  return whole;
}

/** One character for each byte; empty when the file can't be read. */
export function textOfBytes(file: string): string {
  try {
    return bytesOf(file).toString('latin1');
  } catch {
    return '';
  }
}
