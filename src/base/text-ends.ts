/** The ends of texts, in one pass: `/x+$/` tries each run of x again, which takes seconds for long ones. */

/** The text without what `goes` says of its last characters. */
function cutEnd(text: string, goes: (character: string) => boolean): string {
  let end = text.length;
  while (end > 0 && goes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** The text without those of `characters` that it ends in. */
export const withoutTrailing = (text: string, characters: string): string =>
  cutEnd(text, (character) => characters.includes(character));

/** The text without the characters at both ends that match. */
export function stripped(text: string, one: RegExp): string {
  const rest = cutEnd(text, (character) => one.test(character));
  let start = 0;
  while (start < rest.length && one.test(rest.charAt(start))) start++;
  return rest.slice(start);
}
