/** proxy-from-env ships no types. */
declare module 'proxy-from-env' {
  /** The proxy's URL for a URL by *_PROXY and NO_PROXY, or an empty string. */
  export function getProxyForUrl(url: string): string;
}
