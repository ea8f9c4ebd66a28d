/** Bytes that need not be written: a hole in a file reads the same. */

const blockBytes = 64 << 10;
const zeros = Buffer.alloc(blockBytes);

/** Stops at the first block that holds anything else. */
export function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const part = bytes.subarray(at, at + blockBytes);
    if (Buffer.compare(part, zeros.subarray(0, part.length)) !== 0) return false;
  }
  return true;
}
