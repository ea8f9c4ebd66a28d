import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { randomSalt, sha512Crypt } from '../../osinfo/script/sha512-crypt.ts';

describe('sha512Crypt', () => {
  it("gives the specification's own example", () => {
    expect(sha512Crypt('Hello world!', 'saltstring')).toBe(
      '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
    );
  });

  const passwords = ['a', 'x'.repeat(63), 'x'.repeat(64), 'x'.repeat(65), 'y'.repeat(200)];
  it.each([...passwords, `it's "quoted" \\ $HOME & <tag>`, 'pässwörd 鍵'])(
    'agrees with openssl about %j',
    (password) => {
      const salt = randomSalt();
      const theirs = execFileSync('openssl', ['passwd', '-6', '-salt', salt, '-stdin'], {
        input: `${password}\n`,
        encoding: 'utf8',
      });
      expect(sha512Crypt(password, salt)).toBe(theirs.trim());
    },
  );

  it('takes a new salt each time', () => {
    expect(randomSalt()).toMatch(/^[./0-9A-Za-z]{16}$/);
    expect(sha512Crypt('x')).not.toBe(sha512Crypt('x'));
  });
});
