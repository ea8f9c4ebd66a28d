/** Takes one picture by RFB, VNC's protocol (RFC 6143): no input, no updates. */
import { OzError } from '../../src/base/errors.ts';
import type { BytePipe } from './byte-pipe.ts';

export interface Picture {
  width: number;
  height: number;
  /** Three bytes a pixel, row by row. */
  rgb: Buffer;
}

function refuse(why: string): OzError {
  return new OzError('OZ_CLOUD_CONSOLE', `Cannot look at the screen: ${why}`);
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
function askForPixels(pipe: BytePipe): void {
  const format = Buffer.from([0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]);
  const encodings = Buffer.alloc(12);
  encodings[0] = 2;
  encodings.writeUInt16BE(2, 2);
  encodings.writeInt32BE(rawEncoding, 4);
  encodings.writeInt32BE(desktopSize, 8);
  pipe.write(Buffer.concat([format, encodings]));
}

function askForPicture(pipe: BytePipe, { width, height }: Picture): void {
  const request = Buffer.alloc(10);
  request[0] = 3;
  request.writeUInt16BE(width, 6);
  request.writeUInt16BE(height, 8);
  pipe.write(request);
}

function blank(width: number, height: number): Picture {
  if (width * height > mostPixels) throw refuse('it is too large');
  return { width, height, rgb: Buffer.alloc(width * height * 3) };
}

function paint(picture: Picture, x: number, y: number, width: number, pixels: Buffer): void {
  for (let index = 0; index * 4 < pixels.length; index++) {
    const column = x + (index % width);
    const row = y + Math.floor(index / width);
    if (column >= picture.width || row >= picture.height) continue;
    const at = (row * picture.width + column) * 3;
    picture.rgb[at] = pixels[index * 4 + 2] ?? 0;
    picture.rgb[at + 1] = pixels[index * 4 + 1] ?? 0;
    picture.rgb[at + 2] = pixels[index * 4] ?? 0;
  }
}

interface Update {
  picture: Picture;
  painted: boolean;
}

/** One update: rectangles of pixels, or news of the screen's size. */
async function readUpdate(pipe: BytePipe, picture: Picture): Promise<Update> {
  const count = (await pipe.read(3)).readUInt16BE(1);
  let now = picture;
  let painted = false;
  for (let index = 0; index < count; index++) {
    const head = await pipe.read(12);
    const [x, y, width, height] = [0, 2, 4, 6].map((at) => head.readUInt16BE(at)) as [
      number,
      number,
      number,
      number,
    ];
    const encoding = head.readInt32BE(8);
    if (encoding === desktopSize) {
      now = blank(width, height);
      continue;
    }
    if (encoding !== rawEncoding) throw refuse(`encoding ${encoding} was not asked for`);
    if (width * height > mostPixels) throw refuse('it is too large');
    paint(now, x, y, width, await pipe.read(width * height * 4));
    painted = true;
  }
  return { picture: now, painted };
}

/** Reads other messages away. */
const others: Record<number, (pipe: BytePipe) => Promise<unknown>> = {
  1: async (pipe) => pipe.read((await pipe.read(5)).readUInt16BE(3) * 6), // colours
  2: async () => {}, // bell
  3: async (pipe) => pipe.read((await pipe.read(7)).readUInt32BE(3)), // clipboard
};

/** What is on the screen now. Throws `OZ_CLOUD_CONSOLE`. */
export async function takePicture(pipe: BytePipe): Promise<Picture> {
  await shakeHands(pipe);
  pipe.write(Buffer.from([1])); // shared: whoever looks already goes on looking
  const init = await pipe.read(24);
  await pipe.read(init.readUInt32BE(20)); // its name
  let picture = blank(init.readUInt16BE(0), init.readUInt16BE(2));
  askForPixels(pipe);
  askForPicture(pipe, picture);
  for (;;) {
    const [type = 0] = await pipe.read(1);
    if (type !== 0) {
      const skip = others[type];
      if (!skip) throw refuse(`message ${type} is not known`);
      await skip(pipe);
      continue;
    }
    const update = await readUpdate(pipe, picture);
    picture = update.picture;
    if (update.painted) return picture;
    askForPicture(pipe, picture);
  }
}
