/** What a guest printed, made fit to be read: no escape sequences, no control characters, no frames. */

/** Cursor movements (CSI), titles and links (OSC), strings (DCS and the like), single ones, character sets. */
const escapes =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are the point
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]?/g;

/** Control characters but the tab, marks that turn the direction of writing, and lines of frames. */
const unreadable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\u2500-\u259f\ufeff\ufffd]/g;

/** One line as text; the blanks around it, and more than one in a row, are gone. */
export function readable(line: string): string {
  return line.replace(escapes, '').replace(unreadable, '').replace(/\s+/g, ' ').trim();
}

/** Ends of lines, and movements of the cursor to another place of the screen. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are the point
const breaks = /\r?\n|\r|\u001b\[[0-9;]*[Hf]/;

/** The lines of a console's output, as they are. */
export function rawLines(text: string): string[] {
  return text.split(breaks);
}

/** What follows the first end of a line; of a text whose beginning was cut off. */
export function fromNextLine(text: string): string {
  const end = breaks.exec(text);
  return end ? text.slice(end.index + end[0].length) : '';
}

/** The last lines with something to read in them, cut at `width` characters. */
export function lastLines(text: string, count: number, width: number): string[] {
  const lines: string[] = [];
  for (const raw of rawLines(text).reverse()) {
    const line = readable(raw).slice(0, width);
    if (line !== '' && line !== lines.at(-1)) lines.push(line);
    if (lines.length === count) break;
  }
  return lines.reverse();
}
