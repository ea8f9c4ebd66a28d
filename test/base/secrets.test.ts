import { describe, expect, it } from 'vitest';
import { masker } from '../../src/base/secrets.ts';

describe('masker', () => {
  const mask = masker(['S3same & <open>', 'S3same', undefined, '']);

  it.each([
    ['plain', 'root:S3same & <open>', 'root:********'],
    ['the longest first', 'S3same, S3same & <open>', '********, ********'],
    ['XML', '<cmdline>pw=S3same &amp; &lt;open&gt;</cmdline>', '<cmdline>pw=********</cmdline>'],
    ['a URL', 'http://a:S3same%20%26%20%3Copen%3E@b/', 'http://a:********@b/'],
  ])('hides a secret in %s', (_where, text, shown) => {
    expect(mask(text)).toBe(shown);
  });

  it('hides quotes in attributes of either kind', () => {
    const quoted = masker([`it's "it"`]);
    expect(quoted(`<a b="it's &quot;it&quot;"/>`)).toBe('<a b="********"/>');
    expect(quoted(`<a b='it&apos;s "it"'/>`)).toBe("<a b='********'/>");
  });

  it('leaves other text as it is', () => {
    expect(mask('s3same &amp; &lt;open&gt;')).toBe('s3same &amp; &lt;open&gt;');
  });
});
