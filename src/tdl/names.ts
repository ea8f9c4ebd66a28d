/** Names that end up in file names, domain names and answer files. */

/** Control characters, line separators, and invisible ones that reorder or hide text. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const control = /\p{Cc}/u;

/** The file name limit of Linux, less room for our prefixes and endings. */
const maxNameBytes = 200;

/** Why a text can be no part of a file name or domain name; undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (unprintable.test(name)) return 'it contains a control or invisible character';
  if (name.includes('/')) return "it contains a '/'";
  if (name === '.' || name === '..') return `'${name}' is no name`;
  if (Buffer.byteLength(name) > maxNameBytes) return `it is longer than ${maxNameBytes} bytes`;
  return undefined;
}

/** Why a text cannot go on one line of an answer file or script; undefined when it can. */
export function lineProblem(text: string): string | undefined {
  return control.test(text) ? 'it contains a control character or a line break' : undefined;
}

/** Why a text is no file in the guest; undefined when it is. */
export function guestFileProblem(name: string): string | undefined {
  if (name.trim() === '') return 'it is empty';
  if (name.endsWith('/') || /(^|\/)\.{1,2}$/.test(name)) return 'it names a directory';
  return lineProblem(name);
}
