/** One GET, with the credentials of its URL where fetch() wants them. */

/** fetch() refuses URLs with credentials, and shows them in its refusal. */
export async function get(
  location: string,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> {
  const url = new URL(location);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const all = { ...headers };
  if (username) all.authorization = `Basic ${Buffer.from(text).toString('base64')}`;
  return fetch(url, { headers: all, signal: signal ?? null });
}
