/** Guests of 512 bytes, for tests with a real QEMU: 16-bit code that BIOS loads at 0x7c00. */

const outB = (port: number, value: number) => [0xba, port & 255, port >> 8, 0xb0, value, 0xee];

/** `out` of each character to the first serial port. */
const print = (text: string) => [...Buffer.from(text, 'latin1')].flatMap((c) => outB(0x3f8, c));

const cli = [0xfa];
/** hlt with interrupts on, for ever */
const idle = [0xfb, 0xf4, 0xeb, 0xfd];
/** ACPI's sleep state 5 under SeaBIOS: mov dx,0x604; mov ax,0x2000; out dx,ax */
const acpiOff = [0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef];

function sector(...parts: number[][]): Buffer {
  const code = Buffer.from(parts.flat());
  if (code.length > 510) throw new Error('too long for a boot sector');
  const image = Buffer.alloc(512);
  code.copy(image);
  image.writeUInt16LE(0xaa55, 510);
  return image;
}

/** Prints the text, then idles. */
export const idler = (text: string) => sector(cli, print(text), idle);

/** Prints the text, then powers off. */
export const stopper = (text: string) => sector(cli, print(text), acpiOff, idle);

/** Prints the text, then resets the machine by the keyboard controller. */
export const resetter = (text: string) => sector(cli, print(text), outB(0x64, 0xfe), idle);

/**
 * Writes 64 KiB after 64 KiB to its disk, for ever: int 0x13, function 0x43,
 * with the address packet at 0x7e00.
 */
export const writer = () =>
  sector(
    [0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0], // xor ax,ax; mov ds,ax; mov es,ax
    [0xc7, 0x06, 0x00, 0x7e, 0x10, 0x00], // packet of 16 bytes
    [0xc7, 0x06, 0x02, 0x7e, 0x40, 0x00], // 64 sectors
    [0xc7, 0x06, 0x04, 0x7e, 0x00, 0x00], // from 1000:0000
    [0xc7, 0x06, 0x06, 0x7e, 0x00, 0x10],
    [0xc7, 0x06, 0x08, 0x7e, 0x40, 0x00], // to sector 64, then on
    [0xc7, 0x06, 0x0a, 0x7e, 0x00, 0x00],
    [0xc7, 0x06, 0x0c, 0x7e, 0x00, 0x00],
    [0xc7, 0x06, 0x0e, 0x7e, 0x00, 0x00],
    [0xb2, 0x80], // mov dl,0x80
    [0xbe, 0x00, 0x7e], // again: mov si,0x7e00
    [0xb8, 0x00, 0x43], // mov ax,0x4300
    [0xcd, 0x13], // int 0x13
    [0x83, 0x06, 0x08, 0x7e, 0x40], // add word [0x7e08],64
    [0xeb, 0xf1], // jmp again
  );
