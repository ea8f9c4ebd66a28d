/** An example with another installer tree, and kernel parameters where they are needed. */
export function adaptTdl(text: string, url: string, kernelparam: string | undefined): string {
  const escaped = url.replaceAll('&', '&amp;');
  return text
    .replace(/<url>[^<]*<\/url>/, () => `<url>${escaped}</url>`)
    .replace('</install>', () =>
      kernelparam ? `</install>\n    <kernelparam>${kernelparam}</kernelparam>` : '</install>',
    );
}
