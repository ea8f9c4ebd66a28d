/** A file that is made of others without being written: some of its bytes lie in another one. */
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';

/** Bytes. */
export interface Range {
  from: number;
  /** Exclusive. */
  to: number;
}

/** What of a file is to be read from `base`, at the same place: sorted, apart from each other. */
export interface Splice {
  /** Absolute path. */
  base: string;
  ranges: readonly Range[];
}

export interface Piece extends Range {
  file: string;
}

/** What lies between the ranges, from 0 to `size`. */
export function between(ranges: readonly Range[], size: number): Range[] {
  const starts = [0, ...ranges.map(({ to }) => to)];
  const ends = [...ranges.map(({ from }) => from), size];
  return starts
    .map((from, i) => ({ from, to: Math.min(ends[i] ?? size, size) }))
    .filter(({ from, to }) => to > from);
}

/** Where the bytes of a file lie, in order; without a splice all in itself. */
export async function piecesOf(file: string, splice?: Splice): Promise<Piece[]> {
  const { size } = await stat(file);
  const ranges = splice?.ranges ?? [];
  const own = between(ranges, size).map((range) => ({ ...range, file }));
  const others = ranges.map((range) => ({ ...range, file: splice?.base ?? file }));
  return [...own, ...others].sort((a, b) => a.from - b.from);
}

export const sizeOf = (pieces: readonly Piece[]): number => pieces.at(-1)?.to ?? 0;

/** Large: fewer turns through the event loop for each gigabyte. */
const blockBytes = 1 << 20;

const readPiece = ({ file, from, to }: Piece) =>
  createReadStream(file, { start: from, end: to - 1, highWaterMark: blockBytes });

async function* inTurn(pieces: readonly Piece[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) yield* readPiece(piece);
}

/** The bytes of all pieces. */
export function readPieces(pieces: readonly Piece[]): Readable {
  const [only] = pieces;
  if (only && pieces.length === 1) return readPiece(only);
  return Readable.from(inTurn(pieces), { objectMode: false });
}

/** The same for a thread that may wait; the bytes hold until the next step. `end`: sum so far. */
export function* blocksOf(
  pieces: readonly Piece[],
): Generator<{ bytes: Uint8Array; end: number }, void> {
  const block = new Uint8Array(blockBytes);
  for (const { file, from, to } of pieces) {
    const handle = openSync(file, 'r');
    try {
      for (let end = from; end < to; ) {
        const read = readSync(handle, block, 0, Math.min(block.length, to - end), end);
        if (read === 0) throw new Error(`${file} has become shorter while it was read`);
        end += read;
        yield { bytes: block.subarray(0, read), end };
      }
    } finally {
      closeSync(handle);
    }
  }
}
