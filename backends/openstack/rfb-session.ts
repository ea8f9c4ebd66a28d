/** Speaks RFB, VNC's protocol (RFC 6143), as a client to whom a server shows its screen. */
import { OzError } from '../../src/base/errors.ts';
import type { BytePipe } from './byte-pipe.ts';

/** Pixels. */
export interface Size {
  width: number;
  height: number;
}

export interface Area extends Size {
  x: number;
  y: number;
}

/** Told what an update brings, in its order. */
export interface ScreenListener {
  resized?(size: Size): void;
  /** Four bytes a pixel, row by row: blue, green, red, nothing. */
  painted?(area: Area, pixels: Buffer): void;
}

function refuse(why: string): OzError {
  return new OzError('OZ_CLOUD_CONSOLE', `Cannot use the server's screen: ${why}`);
}

const noSecurity = 1;
const rawEncoding = 0;
const desktopSize = -223;
const mostPixels = 64 * 1024 * 1024;

async function shakeHands(pipe: BytePipe): Promise<void> {
  const version = (await pipe.read(12)).toString('latin1');
  if (!/^RFB 003\.\d{3}\n$/.test(version)) throw refuse('it is no VNC server');
  const minor = Number(version.slice(8, 11));
  pipe.write(Buffer.from(minor >= 8 ? 'RFB 003.008\n' : 'RFB 003.003\n'));
  if (minor < 8) {
    if ((await pipe.read(4)).readUInt32BE() !== noSecurity) throw refuse('it wants a password');
    return;
  }
  const [count = 0] = await pipe.read(1);
  const kinds = await pipe.read(count);
  if (!kinds.includes(noSecurity)) throw refuse('it wants a password');
  pipe.write(Buffer.from([noSecurity]));
  if ((await pipe.read(4)).readUInt32BE() !== 0) throw refuse('it lets nobody in');
}

/** 32 bits a pixel: blue, green, red, nothing. */
function chooseFormat(pipe: BytePipe): void {
  const format = Buffer.from([0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]);
  const encodings = Buffer.alloc(12);
  encodings[0] = 2;
  encodings.writeUInt16BE(2, 2);
  encodings.writeInt32BE(rawEncoding, 4);
  encodings.writeInt32BE(desktopSize, 8);
  pipe.write(Buffer.concat([format, encodings]));
}

function checkSize({ width, height }: Size): void {
  if (width * height > mostPixels) throw refuse('it is too large');
}

/** Returns the size of the screen. Throws `OZ_CLOUD_CONSOLE`. */
export async function beginSession(pipe: BytePipe): Promise<Size> {
  await shakeHands(pipe);
  pipe.write(Buffer.from([1])); // shared: whoever looks already goes on looking
  const init = await pipe.read(24);
  await pipe.read(init.readUInt32BE(20)); // its name
  const size = { width: init.readUInt16BE(0), height: init.readUInt16BE(2) };
  checkSize(size);
  chooseFormat(pipe);
  return size;
}

/** From the upper left corner; also what has not changed. */
function askForPixels(pipe: BytePipe, { width, height }: Size): void {
  const request = Buffer.alloc(10);
  request[0] = 3;
  request.writeUInt16BE(width, 6);
  request.writeUInt16BE(height, 8);
  pipe.write(request);
}

/** Rectangles of pixels, or news of the screen's size. Whether there were pixels. */
async function readUpdate(pipe: BytePipe, listener: ScreenListener): Promise<boolean> {
  const count = (await pipe.read(3)).readUInt16BE(1);
  let painted = false;
  for (let index = 0; index < count; index++) {
    const head = await pipe.read(12);
    const at = (offset: number) => head.readUInt16BE(offset);
    const area: Area = { x: at(0), y: at(2), width: at(4), height: at(6) };
    const encoding = head.readInt32BE(8);
    checkSize(area);
    if (encoding === desktopSize) {
      listener.resized?.({ width: area.width, height: area.height });
      continue;
    }
    if (encoding !== rawEncoding) throw refuse(`encoding ${encoding} was not asked for`);
    const pixels = await pipe.read(area.width * area.height * 4);
    listener.painted?.(area, pixels);
    painted = true;
  }
  return painted;
}

/** Reads other messages away. */
const others: Record<number, (pipe: BytePipe) => Promise<unknown>> = {
  1: async (pipe) => pipe.read((await pipe.read(5)).readUInt16BE(3) * 6), // colours
  2: async () => {}, // bell
  3: async (pipe) => pipe.read((await pipe.read(7)).readUInt32BE(3)), // clipboard
};

/**
 * Asks for that part of the screen and waits for pixels, by which the server has read all that
 * was written before. `size` is asked again after an update without. Throws `OZ_CLOUD_CONSOLE`.
 */
export async function awaitPixels(
  pipe: BytePipe,
  size: () => Size,
  listener: ScreenListener = {},
): Promise<void> {
  askForPixels(pipe, size());
  for (;;) {
    const [type = 0] = await pipe.read(1);
    if (type === 0) {
      if (await readUpdate(pipe, listener)) return;
      askForPixels(pipe, size());
      continue;
    }
    const skip = others[type];
    if (!skip) throw refuse(`message ${type} is not known`);
    await skip(pipe);
  }
}
