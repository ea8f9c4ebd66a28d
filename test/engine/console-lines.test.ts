import { expect, it } from 'vitest';
import { consoleLines } from '../../src/engine/console-lines.ts';

const shown = (printed: string, window = 1000) => ({
  size: Buffer.byteLength(printed),
  tail: Buffer.from(printed).subarray(-window).toString(),
});

it('gives each line once, and one without an end again when it has grown', () => {
  const take = consoleLines();
  expect(take(shown('one\r\ntw'))).toEqual(['one', 'tw']);
  expect(take(shown('one\r\ntw'))).toEqual([]);
  expect(take(shown('one\r\ntwo\r\nüber'))).toEqual(['two', 'über']);
  expect(take(shown('one\r\ntwo\r\nüber\r\nlast\r\n'))).toEqual(['über', 'last']);
});

it('begins anew with another run of the guest', () => {
  const take = consoleLines();
  take(shown('one\ntwo\nthr'));
  expect(take(shown('boot'))).toEqual(['boot']);
});

it('goes on after a hole, with the next whole line', () => {
  const take = consoleLines();
  take(shown('one\ntwo'));
  expect(take(shown(`one\ntwo${'x'.repeat(50)}\nlast\n`, 8))).toEqual(['last']);
});

it('forgets a line that does not end', () => {
  const take = consoleLines();
  let printed = 'x'.repeat(5000);
  take(shown(printed, 10_000));
  printed += 'end\n';
  expect(take(shown(printed, 10_000))).toEqual(['end']);
});

it('loses nothing where other letters than those of UTF-8 are printed', () => {
  const take = consoleLines();
  const before = Buffer.from('menu\n');
  take({ size: before.length, tail: before.toString() });
  const all = Buffer.concat([before, Buffer.from('Formatting\n'), Buffer.alloc(40, 0xcd)]);
  expect(take({ size: all.length, tail: all.toString() })).toEqual(['Formatting']);
});
