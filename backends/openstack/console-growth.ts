/**
 * A console log put together from what Nova shows of it: at most its last
 * 100 KiB, cut off at the front whenever the log is rotated.
 */
import { appendFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectory } from '../../src/base/make-directory.ts';

/** So much of the end of what is known must be found again in what is shown. */
const overlap = 2048;

/** What of `shown` was not in `known`, which was shown before; `known` is the last of the log. */
export function growth(known: string, shown: string): string {
  if (shown.startsWith(known)) return shown.slice(known.length);
  if (known === '') return shown;
  for (let length = Math.min(overlap, known.length); length >= 16; length >>= 1) {
    const at = shown.lastIndexOf(known.slice(-length));
    if (at >= 0) return shown.slice(at + length);
  }
  return shown;
}

/** Kept in memory for console(); the whole is in the file. */
const kept = 256 * 1024;

export interface ConsoleLog {
  /** Takes what Nova shows now; says whether there was anything new. */
  take(shown: string): Promise<boolean>;
  /** Another run of the guest begins with an empty console. */
  begin(): void;
  read(tailBytes: number): { size: number; tail: string };
}

/** `file` takes everything; empty: nowhere. */
export function consoleLog(file: string): ConsoleLog {
  let known = '';
  let tail = '';
  let size = 0;
  let made = false;
  async function write(text: string): Promise<void> {
    if (file === '') return;
    if (made) return appendFile(file, text);
    await makeDirectory(path.dirname(file));
    await writeFile(file, text, { mode: 0o600 });
    made = true;
  }
  return {
    async take(shown) {
      const fresh = growth(known, shown);
      known = shown;
      if (fresh === '') return false;
      size += Buffer.byteLength(fresh);
      tail = (tail + fresh).slice(-kept);
      await write(fresh);
      return true;
    },
    begin() {
      known = '';
    },
    read: (tailBytes) => ({ size, tail: tailBytes === 0 ? '' : tail.slice(-tailBytes) }),
  };
}
