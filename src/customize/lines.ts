/** Cuts a stream of bytes into lines of text. */
import { StringDecoder } from 'node:string_decoder';

/** A line longer than this (characters) is handed on in pieces. */
const longest = 8192;

/**
 * Calls `onLine` once for each line; `\n`, `\r\n` and the lone `\r` of progress
 * displays end one. `end()` hands on what is left.
 */
export function lineSplitter(onLine: (line: string) => void): {
  push(chunk: Buffer): void;
  end(): void;
} {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string) => {
    // A trailing \r may be the first half of \r\n: it waits for what follows.
    const parts = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = parts.pop() ?? '';
    for (const part of parts) onLine(part);
    while (rest.length > longest) {
      onLine(rest.slice(0, longest));
      rest = rest.slice(longest);
    }
  };
  return {
    push: (chunk) => take(decoder.write(chunk)),
    end: () => {
      take(decoder.end());
      const last = rest.replace(/\r$/, '');
      rest = '';
      if (last !== '') onLine(last);
    },
  };
}
