/** Runs a command's work with an event stream, its readers and the signals. */
import { createEventStream, type EventStream } from '../engine/event-stream.ts';
import type { Io } from './io.ts';
import { attachRenderers, type RenderOptions } from './render/index.ts';
import { errorFields } from './report-error.ts';
import { withSignals } from './signals.ts';

/** A failure becomes an `error` event, and is thrown on once the progress bar is gone. */
export async function withEvents<T>(
  io: Io,
  options: RenderOptions,
  work: (stream: EventStream, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stream = createEventStream();
  const endProgress = attachRenderers(stream, io, options);
  try {
    return await withSignals(io, (signal) => work(stream, signal));
  } catch (error) {
    stream.emit(errorFields(error));
    throw error;
  } finally {
    endProgress();
  }
}
