/** X keysyms, which RFB has, of Linux key codes, which backend.ts has. */
import { OzError } from '../../src/base/errors.ts';

/** Keys beside each other, as an American keyboard has them: a keysym of theirs is its character. */
const rows: readonly { from: number; plain: string; shifted: string }[] = [
  { from: 2, plain: '1234567890-=', shifted: '!@#$%^&*()_+' },
  { from: 16, plain: 'qwertyuiop[]', shifted: 'QWERTYUIOP{}' },
  { from: 30, plain: "asdfghjkl;'`", shifted: 'ASDFGHJKL:"~' },
  { from: 43, plain: '\\zxcvbnm,./', shifted: '|ZXCVBNM<>?' },
  { from: 57, plain: ' ', shifted: ' ' },
];

const leftShift = 42;
const rightShift = 54;

const named: Readonly<Record<number, number>> = {
  1: 0xff1b, // Escape
  14: 0xff08, // Backspace
  15: 0xff09, // Tab
  28: 0xff0d, // Enter
  29: 0xffe3, // left Control
  [leftShift]: 0xffe1,
  [rightShift]: 0xffe2,
  56: 0xffe9, // left Alt
  58: 0xffe5, // Caps Lock
  // F1 to F10, and two that came later
  ...Object.fromEntries(Array.from({ length: 10 }, (_, index) => [59 + index, 0xffbe + index])),
  87: 0xffc8,
  88: 0xffc9,
  69: 0xff7f, // Num Lock
  70: 0xff14, // Scroll Lock
  96: 0xff8d, // Enter of the number pad
  97: 0xffe4, // right Control
  99: 0xff61, // Print
  100: 0xffea, // right Alt
  102: 0xff50, // Home
  103: 0xff52, // Up
  104: 0xff55, // Page Up
  105: 0xff51, // Left
  106: 0xff53, // Right
  107: 0xff57, // End
  108: 0xff54, // Down
  109: 0xff56, // Page Down
  110: 0xff63, // Insert
  111: 0xffff, // Delete
  119: 0xff13, // Pause
  125: 0xffeb, // left Super
  126: 0xffec, // right Super
  127: 0xff67, // Menu
};

const characters = (which: 'plain' | 'shifted') =>
  rows.flatMap(({ from, [which]: text }) =>
    [...text].map((character, index) => [from + index, character.charCodeAt(0)] as const),
  );

const plain = new Map<number, number>([
  ...Object.entries(named).map(([code, keysym]) => [Number(code), keysym] as const),
  ...characters('plain'),
]);
const shifted = new Map<number, number>([...plain, ...characters('shifted')]);

/**
 * Keysyms of keys that are pressed together, in their order. After Shift a key has its other
 * character: a server that is told the first one takes Shift back. Throws `OZ_CLOUD_KEYS` for a
 * code that is not known.
 */
export function keysymsOf(codes: readonly number[]): number[] {
  let table = plain;
  return codes.map((code) => {
    const keysym = table.get(code);
    if (keysym === undefined) {
      throw new OzError('OZ_CLOUD_KEYS', `Cannot press the key ${code}: its code is not known`, {
        hint: "clouds take the usual keys of a PC, by Linux' codes (28 is Enter)",
      });
    }
    if (code === leftShift || code === rightShift) table = shifted;
    return keysym;
  });
}
