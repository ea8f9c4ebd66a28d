import { describe, expect, it } from 'vitest';
import { fits, mayFit } from '../../osinfo/detect/pattern.ts';

describe('what judges a pattern without compiling it', () => {
  const matching: [pattern: string, value: string][] = [
    ['^Debian 11.\\d+.\\d+ amd64 n', 'Debian 11.1.0 amd64 n'],
    ['CentOS-7-(x86_64-(Live)?GNOME|live-GNOME-x86_64)', 'CentOS-7-live-GNOME-x86_64'],
    ['abc|def', 'def'],
    ['abc(x|y)z|[|]def', '|def'],
    ['colou?r', 'color'],
    ['colou*r{0,2}s', 'colos'],
    ['a{2}b', 'aab'],
    ['RHEL\\/5.10 i386', 'RHEL/5.10 i386'],
    ['\\x44ebian', 'Debian'],
    ['\\u0044ebian', 'Debian'],
    ['(a)b\\1c', 'abac'],
    ['[)(]a', '(a'],
    ['a\\]b', 'a]b'],
    ['^$', ''],
    ['Asianux Server (7 (?!SP[123])|(4 ?!SP[67])).+', 'Asianux Server 7 x'],
  ];
  it.each(matching)('%s may fit %s', (pattern, value) => {
    expect(fits(pattern, value)).toBe(true);
    expect(mayFit(pattern, value)).toBe(true);
  });

  const other: [pattern: string, value: string][] = [
    ['^Debian 12.\\d+.\\d+ amd64 n', 'Debian 11.1.0 amd64 n'],
    ['^Debian 11.\\d+.\\d+ i386 n', 'Debian 11.1.0 amd64 n'],
    ['(GRMCHPFRER|GRMCPRVOL)_', 'Debian 11.1.0 amd64 n'],
    ['.*RHEL\\/5.10 i386.*', 'RHEL/5.9 x86_64'],
    ['Fedora-(3[8-9]|[4-9][0-9])-DVD', 'Fedora-40-Live'],
  ];
  it.each(other)('%s cannot fit %s', (pattern, value) => {
    expect(fits(pattern, value)).toBe(false);
    expect(mayFit(pattern, value)).toBe(false);
  });

  it('cannot judge a pattern with escapes of XML', () => {
    expect(mayFit('R&amp;D', 'R&D')).toBe(true);
    expect(mayFit('abc&#124;def', 'def')).toBe(true);
  });
});
