/** Ends a body that stops coming. */

/** Passes chunks on; calls `onStall` when the next one takes longer than `ms`. */
export async function* untilStalled<T>(
  body: AsyncIterable<T>,
  ms: number,
  onStall: () => void,
): AsyncGenerator<T> {
  let waiting = true; // while the reader is busy with a chunk, the server is not to blame
  const timer = setTimeout(() => (waiting ? onStall() : timer.refresh()), ms);
  try {
    for await (const chunk of body) {
      waiting = false;
      yield chunk;
      waiting = true;
      timer.refresh();
    }
  } finally {
    clearTimeout(timer);
  }
}
