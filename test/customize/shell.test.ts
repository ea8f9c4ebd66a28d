import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { lineSplitter } from '../../src/customize/lines.ts';
import { commandLine, quote, splitWords } from '../../src/customize/shell.ts';

describe('quote', () => {
  const hostile = [
    '',
    ' ',
    "it's",
    '$(touch x)',
    '`id`',
    '"',
    '\\',
    'a\nb',
    '*',
    '~',
    '-n',
    '!x',
    'é',
    ';|&<>',
    '#',
  ];
  it.each(['sh', 'bash'])('survives %s', (shell) => {
    const out = execFileSync(shell, ['-c', `printf '%s\\0' ${commandLine(hostile)}`], {
      encoding: 'utf8',
    });
    expect(out.split('\0').slice(0, -1)).toEqual(hostile);
  });
  it('refuses NUL', () => {
    expect(() => quote('a\0b')).toThrow(expect.objectContaining({ code: 'OZ_SHELL_NUL' }));
  });
});

describe('splitWords', () => {
  it.each([
    ['', []],
    ['  a   b ', ['a', 'b']],
    [`--x="a b" 'c d'e \\ f`, ['--x=a b', 'c de', ' f']],
    ['"a\\"b" $(x)', ['a"b', '$(x)']],
    [`"" ''`, ['', '']],
  ])('%j', (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });
  it.each(['"open', "it's", 'end\\'])('refuses %j', (text) => {
    expect(() => splitWords(text)).toThrow(expect.objectContaining({ code: 'OZ_SHELL_QUOTE' }));
  });
});

describe('lineSplitter', () => {
  it('ends lines at \\n, \\r\\n and \\r, whatever the pieces, and keeps characters whole', () => {
    const bytes = Buffer.from('a\r\nb\rc\n\nd é€\r');
    for (let size = 1; size <= bytes.length; size += 1) {
      const lines: string[] = [];
      const splitter = lineSplitter((line) => lines.push(line));
      for (let at = 0; at < bytes.length; at += size) splitter.push(bytes.subarray(at, at + size));
      splitter.end();
      expect(lines).toEqual(['a', 'b', 'c', '', 'd é€']);
    }
  });
  it('hands on a long line in pieces', () => {
    const lines: string[] = [];
    const splitter = lineSplitter((line) => lines.push(line));
    splitter.push(Buffer.from('x'.repeat(20_000)));
    splitter.end();
    expect(lines.map((line) => line.length)).toEqual([8192, 8192, 3616]);
  });
});
