import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { cksum } from '../../src/base/cksum.ts';
import { consoleReader } from '../../src/icicle/console.ts';

const mark = 'ozma-0123';
const said = (words: string) => `\r\n@${mark} ${words} ${cksum(Buffer.from(words))}\r\n`;

function printed(name: string, text: string): { pieces: string[]; end: string } {
  const data = gzipSync(text);
  const pieces = data.toString('base64').match(/.{1,160}/g) ?? [];
  return {
    pieces: pieces.map((piece, index) => `@${mark} data ${name} ${index + 1} ${piece}\r\n`),
    end: said(`end ${name} ${pieces.length} ${cksum(data)} ${data.length}`),
  };
}

/** Hard to compress, so that there are several pieces. */
const list = Array.from({ length: 200 }, (_, i) => `package-${(i * 7919) % 1009}\tinstall`).join(
  '\n',
);

describe('cksum', () => {
  it("is POSIX's", () => {
    expect(cksum(Buffer.from('hello world'))).toBe(1135714720);
    expect(cksum(Buffer.from(''))).toBe(4294967295);
    expect(cksum(Buffer.from('x'.repeat(70000)))).toBe(4215398528);
  });
});

describe('consoleReader', () => {
  it('tells each thing once, however often and in whatever pieces it comes', () => {
    const reader = consoleReader(mark);
    const text = [
      '[   12.3] random: crng init done\r\nlogin: ',
      said('at 3').repeat(3),
      `@${mark} out 3.1 Reading package lists...\r\n`,
      `@${mark} out 3.1 Reading package lists...\r\n`,
      `garbage before @${mark} out 3.2 \r\n`,
      `@${mark} out 3.3   two  spaces\r\n`,
      said('done'),
    ].join('');
    const messages = [...text].flatMap((character) => reader.take(character));
    expect(messages).toEqual([
      { kind: 'at', operation: 3 },
      { kind: 'output', operation: 3, line: 'Reading package lists...' },
      { kind: 'output', operation: 3, line: '' },
      { kind: 'output', operation: 3, line: '  two  spaces' },
      { kind: 'done' },
    ]);
  });

  it('believes no line of another mark, and none that is mangled', () => {
    const reader = consoleReader(mark);
    const broken = said('failed 3 1').replace('failed 3', 'failed [ 9.1] usb 3');
    const foreign = said('done').replace(mark, 'ozma-9999');
    expect(reader.take(broken + foreign + said('failed 3 100'))).toEqual([
      { kind: 'failed', operation: 3, code: 100 },
    ]);
  });

  it('puts a list together from two rounds that both lost something', () => {
    const { pieces, end } = printed('list', list);
    expect(pieces.length).toBeGreaterThan(4);
    const noisy = pieces.map((piece, index) =>
      index === 1
        ? `${piece.slice(0, 60)}[ 12.3] oom\r\n`
        : index === 2
          ? piece.slice(0, 80)
          : piece,
    );
    const again = pieces.filter((_, index) => index !== 0);
    const reader = consoleReader(mark);
    reader.take(noisy.join('') + again.join('') + end);
    expect(reader.list('list')).toBe(list);
  });

  it.each([
    ['its end was not printed', (p: string[], _end: string) => p.join('')],
    [
      '1 of \\d+ pieces are missing \\(3\\)',
      (p: string[], end: string) => p.filter((_, i) => i !== 2).join('') + end,
    ],
    [
      'its checksum is wrong',
      (p: string[], end: string) =>
        `${p.slice(0, -1).join('')}${p.at(-1)?.replace(/ \S+\r/, ' AAAA\r')}${end}`,
    ],
  ])('says that %s', (why, change) => {
    const { pieces, end } = printed('list', list);
    const reader = consoleReader(mark);
    reader.take(change(pieces, end));
    expect(() => reader.list('list')).toThrow(
      expect.objectContaining({
        code: 'OZ_ICICLE_CONSOLE',
        message: expect.stringMatching(new RegExp(`^Cannot read the package list .*${why}`)),
      }),
    );
  });
});

describe('what a guest claims', () => {
  it('of pieces that nobody could print is not waited for', () => {
    const reader = consoleReader(mark);
    reader.take(said('end list 50000000 1 1'));
    const began = performance.now();
    expect(() => reader.list('list')).toThrow(
      /it is said to have 50000000 pieces, and at most \d+ are read/,
    );
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('is not remembered where it is longer than any number', () => {
    const reader = consoleReader(mark);
    const long = '1'.repeat(1000);
    for (const words of [`at 3 ${long}`, `failed 3 100 ${long}`]) {
      expect(reader.take(said(words))).toEqual([]);
    }
    expect(reader.take(`@${mark} out ${long}.1 x\r\n@${mark} out 3.${long} x\r\n`)).toEqual([]);
  });

  it('is unpacked up to a limit', () => {
    const reader = consoleReader(mark);
    const { pieces, end } = printed('list', 'a'.repeat(40 * 1024 * 1024));
    reader.take([...pieces, end].join(''));
    expect(() => reader.list('list')).toThrow('unpacked it is larger than 32 MiB');
  });

  it('to be gzip and is not is worded', () => {
    const reader = consoleReader(mark);
    const data = Buffer.from('no gzip at all');
    reader.take(`@${mark} data list 1 ${data.toString('base64')}\r\n`);
    reader.take(said(`end list 1 ${cksum(data)} ${data.length}`));
    expect(() => reader.list('list')).toThrow('its gzip data is damaged');
  });
});
