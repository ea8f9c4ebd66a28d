/**
 * Progress on a terminal: one line that is written anew. A library would bring
 * its own idea of the terminal's state; all that is needed is this one line and
 * that log lines pass above it.
 */
import type { EventListener } from '../../engine/event-stream.ts';
import type { Output } from '../io.ts';
import {
  amount,
  bootMark,
  bootTitle,
  clock,
  duration,
  printable,
  stepText,
  watchText,
} from './format.ts';

export interface Bar {
  listener: EventListener;
  /** Writes a text above the bar. */
  write(text: string): void;
  /** Takes the bar away. */
  end(): void;
}

const clearLine = '\r\u001b[K';
/** Milliseconds between two drawings. */
const pause = 100;

/** A bar of 16 characters. */
function gauge(done: number, total: number): string {
  const filled = Math.round(Math.min(1, done / total) * 16);
  return `[${'#'.repeat(filled)}${'.'.repeat(16 - filled)}]`;
}

/** `now` gives the milliseconds that events are stamped with. */
export function barRenderer(output: Output, now: () => number = () => performance.now()): Bar {
  let title = '';
  let began = 0;
  let detail = '';
  let drawn = Number.NEGATIVE_INFINITY;
  let shown = false;

  const erase = () => {
    if (shown) output.write(clearLine);
    shown = false;
  };
  const draw = () => {
    if (title === '') return;
    const text = `${clock(now())} ${title} (${clock(Math.max(0, now() - began))})${detail}`;
    output.write(clearLine + printable(text).slice(0, output.columns - 1));
    shown = true;
    drawn = now();
  };
  const write = (text: string) => {
    erase();
    output.write(text);
    draw();
  };
  const begin = (what: string, at: number) => {
    [title, began, detail] = [what, at, ''];
    draw();
  };
  const finish = (at: number, ms: number) => {
    erase();
    output.write(`${clock(at)} ${printable(title)}: ${duration(ms)}\n`);
    title = '';
  };
  const ticking = setInterval(draw, 1000); // the elapsed time goes on when nothing else does
  ticking.unref();

  return {
    listener(event) {
      switch (event.type) {
        case 'build-start':
          return write(`${printable(`${event.name}: ${event.summary}`)}\n`);
        case 'phase-start':
          return begin(event.title, event.at);
        case 'mark':
          if (bootMark(event) === 'begin' && title === '') return begin(bootTitle, event.at);
          if (bootMark(event) === 'end' && title === bootTitle) finish(event.at, event.at - began);
          return;
        case 'progress': {
          const bar = event.total ? `${gauge(event.done, event.total)} ` : '';
          detail = `  ${event.what} ${bar}${amount(event.done, event.total, event.unit)}`;
          if (now() - drawn >= pause) draw();
          return;
        }
        case 'watch': {
          const text = watchText(event);
          return text === '' ? undefined : write(`${clock(event.at)} ${printable(text)}\n`);
        }
        case 'step':
          detail = `  ${stepText(event)}`;
          if (now() - drawn >= pause) draw();
          return;
        case 'phase-end':
          if (event.skipped === undefined) finish(event.at, event.ms);
          title = '';
          return;
        default:
      }
    },
    write,
    end() {
      clearInterval(ticking);
      erase();
      title = '';
    },
  };
}
