/** What a console shows when nothing more is to come of its guest, installing or starting. */
import { rawLines, readable } from '../base/readable.ts';
import type { Clock } from './clock.ts';
import type { ShownConsole } from './console-lines.ts';

type Purpose = 'install' | 'boot';

interface Doom {
  line: RegExp;
  on: readonly Purpose[];
  /**
   * Milliseconds of silence after it. A prompt that stands there alone is the end; the same words
   * in a log that goes on are a quotation, and boot loaders go on after some of their errors.
   */
  silentMs: number;
}

const both: readonly Purpose[] = ['install', 'boot'];
const standing = 45_000;
/** A system that starts on its screen alone may take so long without a word on the serial port. */
const doubtful = 300_000;

const dooms: readonly Doom[] = [
  { line: /Kernel panic/, on: ['install'], silentMs: 0 },
  {
    line: /Fatal glibc error|Pane is dead|An unknown error has occurred/,
    on: ['install'],
    silentMs: 0,
  },
  // Linux, with or without the time and the level in front.
  {
    line: /^(?:<\d>)?(?:\[ *\d+\.\d+\] ?)?(?:\[ *[CT]\d+\] ?)?Kernel panic(?: - |:)/,
    on: ['boot'],
    silentMs: 0,
  },
  { line: /^(?:\[ *\d+\.\d+\] )?systemd\[1\]: Freezing execution/, on: both, silentMs: standing },
  // Firmware: EFI's (OVMF), with and without its shell, and SeaBIOS.
  { line: /^BdsDxe: No bootable option or device was found/, on: both, silentMs: standing },
  { line: /^Shell> *$/, on: both, silentMs: standing },
  { line: /^No bootable device\./, on: both, silentMs: standing },
  { line: /^Boot failed: not a bootable disk/, on: both, silentMs: standing },
  // A server's (SLOF), and the boot sectors of Linux's distributions and of others.
  { line: /^E34\d\d: .*(?:Not a bootable device|no bootable)/i, on: both, silentMs: standing },
  {
    line: /^(?:Missing operating system|Operating system not found|Error loading operating system|MBR [1-4A-F]+:|No boot sector signature found)\.? *$/i,
    on: both,
    silentMs: standing,
  },
  // GRUB, with and without its modules.
  { line: /^grub(?: rescue)?> *$/, on: both, silentMs: standing },
  {
    line: /^error: (?:[\w./-]+:\d+:)? ?(?:no such (?:device|partition)|unknown filesystem|(?:disk|file) .* not found|you need to load the kernel first)/,
    on: ['boot'],
    silentMs: doubtful,
  },
  // The shells of an initramfs that has not found its root: Debian's, Alpine's, Arch' and dracut's.
  { line: /^\(initramfs\) *$/, on: both, silentMs: standing },
  { line: /^initramfs emergency recovery shell launched/, on: both, silentMs: standing },
  {
    line: /^(?::: )?You are (?:now )?being dropped into an emergency shell/i,
    on: both,
    silentMs: standing,
  },
  // FreeBSD's kernel without its root, and its system that can't go on by itself.
  { line: /^mountroot> *$/, on: both, silentMs: standing },
  { line: /^Enter full pathname of shell or RETURN for/, on: both, silentMs: standing },
  { line: /^(?:dracut:|switch_root:)\/# *$/, on: both, silentMs: standing },
  { line: /^Entering emergency mode\. Exit the shell to continue/, on: both, silentMs: standing },
  { line: /^You are in (?:emergency|rescue) mode/, on: both, silentMs: standing },
  {
    line: /^Cannot open access to console, the root account is locked/,
    on: both,
    silentMs: standing,
  },
];

/** Lines that may come after one that stands there: help, a prompt, the same once more. */
const mostAfter = 12;
/** Characters of a line that are given. */
const longest = 200;

export interface Doomed {
  line: string;
  /** The guest has hardly begun: its kernel's clock says so. */
  early: boolean;
}

const linesOf = (tail: string) =>
  rawLines(tail)
    .map(readable)
    .filter((line) => line !== '');

/** Not in the middle of a word, which may be a secret: half of one is known for none. */
const shortened = (line: string) =>
  line.length > longest ? line.slice(0, longest).replace(/\S+$/, '…') : line;

/** Of a kernel, which may go better at another start: an emulated clock, say. */
export const isPanic = (line: string) => /Kernel panic/.test(line);

/** Whether the kernel's own time in front of the line is within the first seconds. */
const isEarly = (line: string) => Number(/^\[ *(\d+)\.\d+\]/.exec(line)?.[1] ?? Infinity) < 5;

function find(lines: readonly string[], silentMs: number, known: readonly Doom[]): number {
  const logsIn = /login: *$/.test(lines.at(-1) ?? '');
  return lines.findIndex((line, index) =>
    known.some(
      (doom) =>
        doom.line.test(line) &&
        silentMs >= doom.silentMs &&
        (doom.silentMs === 0 || (!logsIn && lines.length - index <= mostAfter)),
    ),
  );
}

/** A function for each look at a console; `patterns`: further lines that are the end at once. */
export function doomWatch(
  on: Purpose,
  clock: Clock,
  patterns: readonly string[] = [],
): (shown: ShownConsole | null) => Doomed | undefined {
  const known = [
    ...dooms.filter((doom) => doom.on.includes(on)),
    ...patterns.map((text) => ({ line: new RegExp(text), on: [on], silentMs: 0 })),
  ];
  let size = -1;
  let grown = 0;
  return (shown) => {
    if (!shown) return undefined;
    if (shown.size !== size) grown = clock.now();
    size = shown.size;
    const lines = linesOf(shown.tail);
    const line = lines[find(lines, clock.now() - grown, known)];
    return line === undefined ? undefined : { line: shortened(line), early: isEarly(line) };
  };
}
