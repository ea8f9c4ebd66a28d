import { describe, expect, it } from 'vitest';
import { iniValue, parseIni } from '../../src/config/ini.ts';

const value = (text: string, section: string, key: string) =>
  iniValue(parseIni(text, 'oz.cfg'), section, key)?.text;

describe('parseIni()', () => {
  it('keeps quotes, semicolons, hashes and further delimiters in values', () => {
    const text = '[libvirt]\nuri = qemu+ssh://h/system?a=1;b="2"#c ; d\n';
    expect(value(text, 'libvirt', 'uri')).toBe('qemu+ssh://h/system?a=1;b="2"#c ; d');
  });

  it('takes = and :, and keys in any case', () => {
    expect(value('[s]\nKEY: a=b', 's', 'key')).toBe('a=b');
    expect(value('[s]\nkey=a:b', 's', 'key')).toBe('a:b');
  });

  it('continues values by indentation, over empty lines and comments', () => {
    const text = '[s]\nkey = a\n  b\n\n# comment\n   c\nnext = d\n';
    expect(value(text, 's', 'key')).toBe('a\nb\n\nc');
    expect(value(text, 's', 'next')).toBe('d');
  });

  it('drops empty lines at the end of a value', () => {
    expect(value('[s]\nkey = a\n\n\n[t]\n', 's', 'key')).toBe('a');
  });

  it('gives [DEFAULT] to sections that are there', () => {
    const text = '[DEFAULT]\na = 1\nb = 2\n[s]\nb = 3\n';
    expect([value(text, 's', 'a'), value(text, 's', 'b'), value(text, 't', 'a')]).toEqual([
      '1',
      '3',
      undefined,
    ]);
  });

  it('replaces references, in references too', () => {
    const text = '[DEFAULT]\nroot = /srv\n[s]\na = %(ROOT)s/oz\nb = %(a)s/100%%\n';
    expect(value(text, 's', 'b')).toBe('/srv/oz/100%');
  });

  it.each<[string, RegExp]>([
    ['key = 1', /line 1: a setting before the first \[section\]/],
    ['[s]\nwords\n', /line 2: neither/],
    ['[s]\n= 1\n', /line 2: neither/],
    ['[s]\na = 1\n\nA = 2\n', /line 4, \[s\] a: it is set already on line 2/],
    ['[s]\n[t]\n[s]\n', /line 3, \[s\]: the section is used twice/],
    ['[]\na = 1\n', /line 1/],
  ])('refuses %j', (text, why) => {
    expect(() => parseIni(text, 'oz.cfg')).toThrow(why);
    expect(() => parseIni(text, 'oz.cfg')).toThrow(/^Cannot use oz\.cfg: /);
  });

  it.each<[string, RegExp]>([
    ['a = %(b)s', /no key b/],
    ['a = 100%', /'%' that is no/],
    ['a = %(b)', /'%' that is no/],
    ['a = %(a)s', /in circles/],
    ['a = %(b)s\nb = %(a)s', /in circles/],
  ])('refuses the reference in %j when the key is read', (text, why) => {
    const file = parseIni(`[s]\n${text}\n`, 'oz.cfg');
    expect(() => iniValue(file, 's', 'a')).toThrow(why);
    expect(() => iniValue(file, 's', 'a')).toThrow(/line 2, \[s\] a: /);
  });

  it('does not blow up on references that multiply', () => {
    const doubling = Array.from({ length: 40 }, (_, i) => `a${i} = %(a${i + 1})s%(a${i + 1})s`);
    const file = parseIni(`[s]\n${doubling.join('\n')}\na40 = x\n`, 'oz.cfg');
    expect(() => iniValue(file, 's', 'a0')).toThrow(/in circles/);
    const wide = Array.from({ length: 6 }, (_, i) => `a${i} = ${`%(a${i + 1})s`.repeat(1000)}`);
    const wideFile = parseIni(`[s]\n${wide.join('\n')}\na6 = x\n`, 'oz.cfg');
    expect(() => iniValue(wideFile, 's', 'a0')).toThrow(/in circles/);
  });
});
