import { expect, it } from 'vitest';
import { keysymsOf } from '../../../backends/openstack/keysyms.ts';

const character = (text: string) => [...text].map((one) => one.charCodeAt(0));

it.each<[string, number[], number[]]>([
  ['Enter', [28], [0xff0d]],
  ['Escape, Backspace, Tab and Space', [1, 14, 15, 57], [0xff1b, 0xff08, 0xff09, 0x20]],
  ['digits', [2, 3, 10, 11], character('1290')],
  ['the ends of the rows of letters', [16, 25, 30, 38, 44, 50], character('qpalzm')],
  ['marks', [12, 13, 26, 27, 39, 40, 41, 43, 51, 52, 53], character("-=[];'`\\,./")],
  ['F1, F10, F11 and F12', [59, 68, 87, 88], [0xffbe, 0xffc7, 0xffc8, 0xffc9]],
  ['arrows', [103, 105, 106, 108], [0xff52, 0xff51, 0xff53, 0xff54]],
  ['Control, Alt and Delete', [29, 56, 111], [0xffe3, 0xffe9, 0xffff]],
  ['the right hand', [97, 100, 96, 126], [0xffe4, 0xffea, 0xff8d, 0xffec]],
  ['what Shift turns them into', [42, 30, 2, 28], [0xffe1, ...character('A!'), 0xff0d]],
  ['what stands before Shift', [30, 54, 53], [...character('a'), 0xffe2, ...character('?')]],
])('know %s', (_, codes, keysyms) => {
  expect(keysymsOf(codes)).toEqual(keysyms);
});

it.each([0, 84, 999])('refuse the code %i', (code) => {
  expect(() => keysymsOf([28, code])).toThrow(
    expect.objectContaining({
      code: 'OZ_CLOUD_KEYS',
      message: `Cannot press the key ${code}: its code is not known`,
      hint: expect.any(String),
    }),
  );
});
