/** The one place where words become shell text. */
import { OzError } from '../base/errors.ts';

export { commandLine, quote } from '../base/shell-words.ts';

/**
 * Splits a text into words as a shell does (spaces, both kinds of quotes,
 * backslash), without expanding anything. Throws OZ_SHELL_QUOTE when a quote
 * is left open.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const word = /^(?:[^\s'"\\]+|'[^']*'|"(?:[^"\\]|\\[\s\S])*"|\\[\s\S])+/.exec(rest)?.[0];
    if (!word) {
      throw new OzError('OZ_SHELL_QUOTE', `Cannot split "${text}" into words: a quote is open`, {
        hint: 'close the quote, or put a backslash before it',
      });
    }
    words.push(unquote(word));
    rest = rest.slice(word.length).trimStart();
  }
  return words;
}

function unquote(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])/g,
    (_, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? '',
  );
}
