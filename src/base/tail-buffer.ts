/** The end of a stream that may be long. */
export interface TailBuffer {
  push(piece: Buffer): void;
  /** Whether anything was dropped. */
  cut(): boolean;
  text(): string;
}

/** Keeps at least the last `kept` bytes, whole pieces of them. */
export function tailBuffer(kept: number): TailBuffer {
  const pieces: Buffer[] = [];
  let size = 0;
  let cut = false;
  return {
    push(piece) {
      pieces.push(piece);
      size += piece.length;
      while (size - (pieces[0]?.length ?? size) >= kept) {
        size -= pieces.shift()?.length ?? 0;
        cut = true;
      }
    },
    cut: () => cut,
    text: () => Buffer.concat(pieces).toString('utf8'),
  };
}
