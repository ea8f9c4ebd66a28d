/** Screenshots as PNG: older QEMU gives PPM. */
import { OzError } from '../../src/base/errors.ts';
import { encodePng } from '../../src/image/png.ts';

const maxSide = 16384;

/** A binary PPM (P6, 8 bit) as PNG. Throws OZ_SCREENSHOT_FORMAT for anything else. */
export function ppmToPng(ppm: Buffer): Buffer {
  // Comments may stand between the numbers; the pixels follow one white space.
  const header = /^P6(?:\s+|#[^\n]*\n)+(\d+)(?:\s+|#[^\n]*\n)+(\d+)(?:\s+|#[^\n]*\n)+(\d+)\s/.exec(
    ppm.subarray(0, 512).toString('latin1'),
  );
  const [width, height, max] = (header?.slice(1) ?? []).map(Number);
  const start = header?.[0].length ?? 0;
  if (
    !width ||
    !height ||
    max !== 255 ||
    width > maxSide ||
    height > maxSide ||
    ppm.length < start + width * height * 3
  ) {
    throw new OzError(
      'OZ_SCREENSHOT_FORMAT',
      'Cannot read the screenshot: it is no complete 8-bit PPM',
    );
  }
  return encodePng(width, height, ppm.subarray(start, start + width * height * 3));
}
