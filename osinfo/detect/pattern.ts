/** The regular expressions by which the database describes media and trees. */

const compiled = new Map<string, RegExp | null>();

/** Null when it is no regular expression, which then matches nothing. */
function regex(pattern: string): RegExp | null {
  let known = compiled.get(pattern);
  if (known === undefined) {
    try {
      known = new RegExp(pattern);
    } catch {
      known = null;
    }
    compiled.set(pattern, known);
  }
  return known;
}

/** A pattern that is not given fits anything, one that is given needs a value. */
export function fits(pattern: string | undefined, value: string | undefined): boolean {
  if (pattern === undefined) return true;
  return value !== undefined && (regex(pattern)?.test(value) ?? false);
}

/** Letters that stand for themselves. */
const plain = /[\w "'!,:<>=~@#%/-]+/y;

/** Where a group or class that starts at `at` has ended; the pattern's length when it never does. */
function pastBracket(pattern: string, at: number): number {
  let depth = 0;
  let inClass = false;
  for (let i = at; i < pattern.length; i++) {
    const c = pattern[i];
    if (c === '\\') i++;
    else if (inClass) inClass = c !== ']';
    else if (c === '[') inClass = true;
    else if (c === '(') depth++;
    else if (c === ')') depth--;
    if (!inClass && depth === 0) return i + 1;
  }
  return pattern.length;
}

/** Whether what is left of a pattern has an alternative outside of brackets, or an escape of XML. */
function hasAlternative(pattern: string, from: number): boolean {
  if (!pattern.includes('|', from) && !pattern.includes('&', from)) return false;
  for (let at = from; at < pattern.length; ) {
    const c = pattern[at];
    if (c === '|' || c === '&') return true;
    if (c === '\\') at += 2;
    else if (c === '(' || c === '[') at = pastBracket(pattern, at);
    else at++;
  }
  return false;
}

/**
 * False when the value lacks a text that is in anything the pattern matches:
 * nearly all patterns are done with by that, and never compiled. Takes a
 * pattern as its file has it, escapes of XML and all.
 */
export function mayFit(pattern: string, value: string): boolean {
  for (let at = 0; at < pattern.length; ) {
    plain.lastIndex = at;
    if (plain.test(pattern)) {
      const end = plain.lastIndex;
      const next = pattern[end] ?? '';
      // what follows may say that the last letter need not be there
      const sure = pattern.slice(at, /[?*{]/.test(next) ? end - 1 : end);
      if (!value.includes(sure)) return hasAlternative(pattern, end);
      at = end;
      continue;
    }
    const c = pattern[at];
    // what was before it need not be there, or stands for another letter
    if (c === '|' || c === '&') return true;
    if (c === '\\') {
      // \x41 and its like: the digits are no text
      if (/[xucpPk0-9]/.test(pattern[at + 1] ?? '')) return true;
      at += 2;
    } else if (c === '(' || c === '[') at = pastBracket(pattern, at);
    else if (c === '{') at = Math.max(at + 1, pattern.indexOf('}', at) + 1);
    else at++;
  }
  return true;
}
