/** Words as a POSIX shell takes them: for commands that guests run, and for those that people are told. */
import { OzError } from './errors.ts';

/** A text between quotes, whatever it holds. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A word as a shell takes it literally, whatever it holds. Throws OZ_SHELL_NUL. */
export function quote(word: string): string {
  if (word.includes('\0')) {
    throw new OzError('OZ_SHELL_NUL', 'Cannot pass a word with a NUL byte to the guest', {
      hint: 'remove the NUL byte from the name in the TDL',
    });
  }
  return /^[\w@%+=:,./-]+$/.test(word) ? word : quoted(word);
}

/** A command line of literal words. */
export function commandLine(words: readonly string[]): string {
  return words.map(quote).join(' ');
}
