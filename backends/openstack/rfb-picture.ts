/** Takes one picture of a screen by RFB. */
import type { BytePipe } from './byte-pipe.ts';
import { type Area, awaitPixels, beginSession, type Size } from './rfb-session.ts';

export interface Picture extends Size {
  /** Three bytes a pixel, row by row. */
  rgb: Buffer;
}

function blank({ width, height }: Size): Picture {
  return { width, height, rgb: Buffer.alloc(width * height * 3) };
}

function paint(picture: Picture, { x, y, width }: Area, pixels: Buffer): void {
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

/** What is on the screen now. Throws `OZ_CLOUD_CONSOLE`. */
export async function takePicture(pipe: BytePipe): Promise<Picture> {
  let picture = blank(await beginSession(pipe));
  await awaitPixels(pipe, () => picture, {
    resized(size) {
      picture = blank(size);
    },
    painted: (area, pixels) => paint(picture, area, pixels),
  });
  return picture;
}
