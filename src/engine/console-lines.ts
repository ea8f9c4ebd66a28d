/** A console that is looked at now and then, as lines that are each seen once. */
import { fromNextLine, rawLines, readable } from '../base/readable.ts';

/** Bytes so far, and the last of them. */
export interface ShownConsole {
  size: number;
  tail: string;
}

/** Characters of a line without an end; what comes after them counts as another line. */
const longestLine = 4096;

/**
 * What of `shown` is new after `known` bytes, as far as it is still shown, and whether some is not. What
 * was no UTF-8 (menus in a PC's own letters, a line at another speed) was one byte each, not the three
 * that stand for it now: rather some of it twice than a part of it never.
 */
function news({ size, tail }: ShownConsole, known: number): { text: string; hole: boolean } {
  const fresh = size - known;
  if (fresh <= 0) return { text: '', hole: false };
  // What is left of a line may be half a secret, which nobody would know for one.
  if (fresh > Buffer.byteLength(tail)) return { text: fromNextLine(tail), hole: true };
  const bytes = Buffer.from(tail.replaceAll('\ufffd', '?'));
  const text = fresh >= bytes.length ? tail : tail.slice(-bytes.subarray(-fresh).toString().length);
  return { text, hole: false };
}

/**
 * A function that gives the readable lines printed since its last call. A line that has no end yet
 * is given too, and again with what is added to it.
 */
export function consoleLines(): (shown: ShownConsole) => string[] {
  let known = 0;
  let open = '';
  return (shown) => {
    if (shown.size < known) [known, open] = [0, '']; // another run, with a console of its own
    const { text, hole } = news(shown, known);
    known = shown.size;
    if (hole) open = '';
    if (text === '') return [];
    const lines = rawLines(open + text);
    open = lines.at(-1) ?? '';
    if (open.length > longestLine) open = '';
    return lines.map(readable).filter((line) => line !== '');
  };
}
