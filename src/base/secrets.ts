/** Keeps secrets out of whatever is shown or stored. */

const mask = '********';

/** A function that replaces each of the secrets in a text (longest first). */
export function masker(secrets: readonly (string | undefined | null)[]): (text: string) => string {
  const known = [...new Set(secrets.filter((s): s is string => !!s))].sort(
    (a, b) => b.length - a.length,
  );
  return (text) => known.reduce((t, secret) => t.replaceAll(secret, mask), text);
}

/** The same URL without user name and password. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/i, '$1');
}
