/** Debian's control format: stanzas of `Name: value`. */

/** The stanzas of a text, keyed by package. */
export function byPackage(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const stanza of text.split('\n\n')) {
    const name = field(stanza, 'Package');
    if (name) found.set(name, stanza.replace(/^\n+|\n+$/g, ''));
  }
  return found;
}

/** First line of a field's value, or an empty string. */
export function field(stanza: string, name: string): string {
  return new RegExp(`^${name}: *(.*)$`, 'm').exec(stanza)?.[1] ?? '';
}
