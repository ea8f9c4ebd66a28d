/** Memory to read into, taken again when its reader has done with it. */

/** What is read at once at most. */
const regionBytes = 256 << 10;
/** So many lie idle at most. */
const mostIdle = 16;

export interface Regions {
  take(): Buffer;
  /** Nobody reads these pieces any more. Those of other memory are not kept. */
  giveBack(pieces: readonly Uint8Array[]): void;
}

/** To allocate anew for each read costs as much as all else of a fast transfer. */
export function createRegions(): Regions {
  const own = new WeakSet<ArrayBufferLike>();
  const idle: ArrayBufferLike[] = [];
  return {
    take() {
      const memory = idle.pop(); // the one that is likeliest in the processor's cache
      if (memory) return Buffer.from(memory);
      const region = Buffer.allocUnsafeSlow(regionBytes);
      own.add(region.buffer);
      return region;
    },
    giveBack(pieces) {
      for (const { buffer } of pieces) {
        // Several pieces may lie in one.
        if (own.has(buffer) && idle.length < mostIdle && !idle.includes(buffer)) idle.push(buffer);
      }
    },
  };
}
