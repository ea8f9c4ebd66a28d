/** Keeps secrets out of whatever is shown or stored. */

const mask = '********';

const xmlNames: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
const asXml = (text: string, characters: RegExp) =>
  text.replaceAll(characters, (character) => xmlNames[character] ?? character);

/** Inside a JSON text. */
const asJson = (text: string) => JSON.stringify(text).slice(1, -1);

/**
 * A secret as it stands in plain text, in XML (content, either kind of attribute) and in a URL;
 * and each of them in JSON, such as a request that carries an answer file, which may be JSON itself.
 */
function writings(secret: string): string[] {
  const inXml = [/[&<>]/g, /[&<>"]/g, /[&<>']/g, /[&<>"']/g].map((set) => asXml(secret, set));
  const plain = [secret, ...inXml, encodeURIComponent(secret)];
  const inJson = plain.map(asJson);
  return [...plain, ...inJson, ...inJson.map(asJson)];
}

/** A user name without a password is often a token. */
const lonelyNames = /\b((?:https?|ftp):\/\/)[^\s/\\?#:@"'<>]+@/gi;

/** A password as crypt(3) hashes it (`$6$salt$…`): short ones are found out from that. */
const hashed = /\$[0-9a-z]{1,6}\$(?:[\w./=,-]+\$){1,3}[A-Za-z0-9./]{20,}/g;

/**
 * A function that replaces each of the secrets in a text (longest first), however it is written,
 * every hashed password, and whoever stands alone before the server of a URL.
 */
export function masker(secrets: readonly (string | undefined | null)[]): (text: string) => string {
  const given = secrets.filter((s): s is string => !!s);
  const known = [...new Set(given.flatMap(writings))].sort((a, b) => b.length - a.length);
  return (text) =>
    known.reduce(
      (t, secret) => t.replaceAll(secret, mask),
      text.replace(hashed, mask).replace(lonelyNames, `$1${mask}@`),
    );
}

/**
 * The same URL without user name and password. They end at the last @ before path and query, as URL
 * parsers have it; what is no URL may have anything before its last @.
 */
export function withoutCredentials(url: string): string {
  const credentials = URL.canParse(url)
    ? /^([a-z][a-z0-9+.-]*:\/\/)[^/\\?#]*@/i
    : /^([a-z][a-z0-9+.-]*:\/\/).*@/is;
  return url.replace(credentials, '$1');
}

/**
 * For messages: no user name, no password, no query, which may hold a token. A line of sources.list
 * has its URL among other words.
 */
export function shownUrl(url: URL | string): string {
  return withoutCredentials(String(url))
    .split(/(\s+)/)
    .map((word) =>
      withoutCredentials(word).replace(/\?[^#]*/, (query) => (query === '?' ? '' : '?…')),
    )
    .join('');
}
