/** Files by their bytes: hundreds are looked at for a list, so that each must cost little. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** More than the largest of the database's files. */
const shared = Buffer.allocUnsafe(256 * 1024);

/** What is in a file, to be used before the next one is read: all share one buffer. */
export function bytesOf(file: string): Buffer {
  const handle = openSync(file, 'r');
  try {
    const length = readSync(handle, shared, 0, shared.length, 0);
    return length < shared.length ? shared.subarray(0, length) : readFileSync(file);
  } finally {
    closeSync(handle);
  }
}

/** One character for each byte; empty when the file can't be read. */
export function textOfBytes(file: string): string {
  try {
    return bytesOf(file).toString('latin1');
  } catch {
    return '';
  }
}
