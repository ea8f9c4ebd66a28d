/** Picks the readers of the event stream that a command line asks for. */
import type { EventStream } from '../../engine/event-stream.ts';
import type { Io } from '../io.ts';
import type { LogLevel } from '../values.ts';
import { barRenderer } from './bar.ts';
import { jsonRenderer } from './json.ts';
import { logRenderer } from './log.ts';
import { plainRenderer } from './plain.ts';

export interface RenderOptions {
  json: boolean;
  progress: 'auto' | 'plain' | 'bar' | 'none';
  level: LogLevel;
}

/**
 * Attaches them. With `json` the events go to standard output and no progress
 * is shown; log lines always go to standard error. Returns the function that
 * takes the progress bar away.
 */
export function attachRenderers(stream: EventStream, io: Io, options: RenderOptions): () => void {
  // A dumb terminal, such as an editor's, shows what should move the cursor.
  const auto = io.stderr.isTTY && io.env.TERM !== 'dumb' ? 'bar' : 'plain';
  const progress = options.progress === 'auto' ? auto : options.progress;
  const write = (text: string) => void io.stderr.write(text);
  if (options.json) {
    stream.subscribe(jsonRenderer((text) => void io.stdout.write(text)));
    stream.subscribe(logRenderer(options.level, write));
    return () => {};
  }
  if (progress === 'bar') {
    const bar = barRenderer(io.stderr);
    stream.subscribe(logRenderer(options.level, bar.write));
    stream.subscribe(bar.listener);
    return bar.end;
  }
  if (progress === 'plain') stream.subscribe(plainRenderer(write));
  stream.subscribe(logRenderer(options.level, write));
  return () => {};
}
