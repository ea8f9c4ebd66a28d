/** Hands a body on to its reader, while more of it comes. */

/** Nothing more is read while so much waits for its reader. */
const most = 4 << 20;

export interface BatchesOptions {
  /** More may come again. */
  onRoom(): void;
  /** The reader has done with these pieces. */
  onRead(pieces: readonly Buffer[]): void;
  /** The reader wants no more, or there is no more. */
  onClose(): void;
}

export interface Batches {
  /** False: nothing more until there is room. */
  push(piece: Buffer): boolean;
  end(failure?: unknown): void;
  /**
   * What has come since the last batch, for one reader, whose it is until it asks for the next
   * one. What came before a failure is passed on before that is thrown.
   */
  read(): AsyncGenerator<readonly Buffer[]>;
}

export function createBatches({ onRoom, onRead, onClose }: BatchesOptions): Batches {
  let waiting: Buffer[] = [];
  let size = 0;
  let over = false;
  let failure: unknown;
  let wake = () => {};

  async function* read() {
    try {
      for (;;) {
        if (!over && size === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        if (size > 0) {
          const batch = waiting;
          const full = size >= most;
          waiting = [];
          size = 0;
          if (full) onRoom();
          yield batch;
          onRead(batch);
        } else if (over) {
          if (failure !== undefined) throw failure;
          return;
        }
      }
    } finally {
      onClose();
    }
  }

  return {
    push(piece) {
      if (over) return false;
      waiting.push(piece);
      size += piece.length;
      wake();
      return size < most;
    },
    end(error) {
      if (over) return;
      over = true;
      failure = error;
      wake();
    },
    read,
  };
}
