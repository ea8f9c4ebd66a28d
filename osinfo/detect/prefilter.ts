/** Which of the database's files are worth parsing for a medium or tree. */
import { fits, mayFit } from './pattern.ts';

/** What makes a pattern another one once its file is parsed: escapes of XML, letters of several bytes. */
const unusual = /[^ -~]|&/;

/**
 * Judges the text of a file, unparsed: whether any of its elements of that
 * name may fit the values. Errs on the side of reading the file.
 */
export function mayHave(
  element: string,
  values: Readonly<Record<string, string | undefined>>,
): (text: string) => boolean {
  const wanted = Object.entries(values).map(([name, value]) => ({
    start: `<${name}>`,
    end: `</${name}>`,
    value: value ?? '',
  }));
  const open = `<${element}>`;
  const end = `</${element}>`;
  const otherwise = [`<${element} `, `<${element}\n`];
  const known = new Map<string, boolean>();
  const judge = (pattern: string, value: string): boolean =>
    mayFit(pattern, value) && (unusual.test(pattern) || fits(pattern, value));
  const mayBe = (block: string): boolean =>
    block.includes('<!') ||
    wanted.every(({ start, end, value }) => {
      const from = block.indexOf(start);
      const to = from < 0 ? -1 : block.indexOf(end, from);
      if (to < 0) return true;
      // many media have the same system or publisher
      const pattern = block.slice(from + start.length, to);
      const key = start + pattern;
      const found = known.get(key) ?? judge(pattern, value);
      known.set(key, found);
      return found;
    });
  return (text) => {
    for (let at = text.indexOf(open); at >= 0; ) {
      const stop = text.indexOf(end, at);
      if (stop < 0 || mayBe(text.slice(at, stop))) return true;
      at = text.indexOf(open, stop);
    }
    // written in another way than usual, or not at all
    return otherwise.some((start) => text.includes(start));
  };
}
