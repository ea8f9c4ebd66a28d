/**
 * What RFB calls the keys that Linux numbers (linux/input-event-codes.h): X11's keysyms
 * (X11/keysymdef.h), for a printed character its code.
 */

/** Runs of neighbouring keys, by the first one's number. */
const printed: Record<number, string> = {
  2: '1234567890-=',
  16: 'qwertyuiop[]',
  30: "asdfghjkl;'`",
  43: '\\zxcvbnm,./',
  57: ' ',
};

const f1 = 0xffbe;

const named: Record<number, number> = {
  1: 0xff1b, // Escape
  14: 0xff08, // Backspace
  15: 0xff09, // Tab
  28: 0xff0d, // Enter
  29: 0xffe3, // left Control
  42: 0xffe1, // left Shift
  54: 0xffe2, // right Shift
  56: 0xffe9, // left Alt
  87: f1 + 10,
  88: f1 + 11,
  97: 0xffe4, // right Control
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
  125: 0xffeb, // left Super
};

const keysyms = new Map<number, number>([
  ...Object.entries(printed).flatMap(([first, text]) =>
    [...text].map((letter, at): [number, number] => [Number(first) + at, letter.charCodeAt(0)]),
  ),
  ...Array.from({ length: 10 }, (_, at): [number, number] => [59 + at, f1 + at]),
  ...Object.entries(named).map(([code, sym]): [number, number] => [Number(code), sym]),
]);

/** Undefined: no such key is known. */
export const keysymOf = (code: number): number | undefined => keysyms.get(code);
