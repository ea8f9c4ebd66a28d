import { expect, it } from 'vitest';
import { keysymOf } from '../../../../backends/openstack/console/keysyms.ts';

// Numbers of linux/input-event-codes.h, names of X11/keysymdef.h.
it.each([
  ['Enter', 28, 0xff0d],
  ['space', 57, 0x20],
  ['1', 2, 0x31],
  ['0', 11, 0x30],
  ['equal', 13, 0x3d],
  ['p', 25, 0x70],
  ['apostrophe', 40, 0x27],
  ['backslash', 43, 0x5c],
  ['z', 44, 0x7a],
  ['slash', 53, 0x2f],
  ['F1', 59, 0xffbe],
  ['F10', 68, 0xffc7],
  ['F12', 88, 0xffc9],
  ['Delete', 111, 0xffff],
])('knows %s', (_, code, keysym) => {
  expect(keysymOf(code)).toBe(keysym);
});

it('knows no other key', () => {
  expect(keysymOf(0)).toBeUndefined();
  expect(keysymOf(9999)).toBeUndefined();
});
