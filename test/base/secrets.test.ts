import { describe, expect, it } from 'vitest';
import { masker, withoutCredentials } from '../../src/base/secrets.ts';

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

  it('hides what JSON escapes, in a request that carries an answer file', () => {
    const secret = 'a"b\\c&d';
    const hide = masker([secret]);
    const answer = `rootpw ${secret}\n<pw>a"b\\c&amp;d</pw>`;
    const agama = JSON.stringify({ root: { password: secret } });
    for (const user_data of [answer, agama]) {
      const shown = hide(JSON.stringify({ server: { user_data } }));
      expect(shown).toContain('********');
      expect(shown).not.toMatch(/b[\\]+c/);
      expect(JSON.parse(shown)).toHaveProperty('server.user_data');
    }
  });

  it.each([
    ['SHA-512', '$6$yc21d./H1sJZR38h$7KoZEgxnfPorMRDXtaJ7BihEZq7bq2Oi4KCn5ep7o2CnnRKzzVwn2u'],
    ['with rounds', '$5$rounds=5000$saltsalt$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8'],
    ['MD5', '$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/'],
    ['yescrypt', '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7'],
    ['bcrypt', '$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW'],
  ])('hides a password that is hashed: %s', (_, hash) => {
    expect(mask(`rootpw --iscrypted ${hash}\n`)).toBe('rootpw --iscrypted ********\n');
  });

  it('hides a user name that stands alone before a server', () => {
    expect(mask('inst.repo=https://ghp_tok3n@example.org/os/ quiet')).toBe(
      'inst.repo=https://********@example.org/os/ quiet',
    );
    const plain =
      'see http://example.org/a@b, http://example.org?c=d@e or qemu+ssh://root@host/system';
    expect(mask(plain)).toBe(plain);
  });

  it('leaves other text as it is', () => {
    expect(mask('for f in $1$2 $HOME/$a$b$c; do')).toBe('for f in $1$2 $HOME/$a$b$c; do');
    expect(mask('s3same &amp; &lt;open&gt;')).toBe('s3same &amp; &lt;open&gt;');
  });
});

describe('withoutCredentials', () => {
  it.each([
    ['http://iu:ip@ssword1@example.org/os/', 'http://example.org/os/'],
    ['http://iu:a@b@c@example.org?d=e@f', 'http://example.org?d=e@f'],
    ['http://i u:p@example.org/', 'http://example.org/'],
    ['ftp://iu:a#b@example.org/os/', 'ftp://example.org/os/'],
    ['ftp://iu:a/b@example.org/os/', 'ftp://example.org/os/'],
    ['http://example.org/a@b', 'http://example.org/a@b'],
    ['qemu+ssh://root@host/system', 'qemu+ssh://host/system'],
    ['me@example.org', 'me@example.org'],
  ])('shows %s as %s', (url, shown) => {
    expect(withoutCredentials(url)).toBe(shown);
  });
});
