/** Sizes and times as people read them. */

import type { Watching } from '../../../backends/backend.ts';
import type { BuildEvent } from '../../engine/events.ts';

type Step = Pick<BuildEvent & { type: 'step' }, 'step' | 'percent' | 'line' | 'written'>;

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `4.2 MiB`. */
export function bytes(n: number): string {
  let value = n;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Milliseconds as `3.2 s`, `4 min 05 s` or `1 h 02 min`. */
export function duration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const two = (n: number) => String(n).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} min`;
}

/** Milliseconds as a clock: `12:05`, `1:02:03`. */
export function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (n: number) => String(n).padStart(2, '0');
  const rest = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
  return seconds < 3600 ? rest : `${Math.floor(seconds / 3600)}:${rest}`;
}

/** `45% 120.0 MiB of 266.0 MiB`, or what is known of it. */
export function amount(done: number, total: number | null, unit: string): string {
  const text = (n: number) =>
    unit === 'bytes' ? bytes(n) : unit === 'seconds' ? duration(n * 1000) : String(n);
  if (total === null || total <= 0) return text(done);
  return `${Math.floor((done / total) * 100)}% ${text(done)} of ${text(total)}`;
}

/**
 * `packages 57%, 512.0 MiB written`: what is known of an installer's step. A line of the console,
 * which a terminal may cut, comes last: `0 B written, "Loading"`.
 */
export function stepText({ step, percent, line, written }: Step): string {
  const share = percent === null ? '' : ` ${percent}%`;
  const size = written === null ? [] : [`${bytes(written)} written`];
  if (step === null && line !== null) return [...size, `"${line}"`].join(', ');
  return [`${step ?? 'starting'}${share}`, ...size].join(', ');
}

/**
 * The start of the installed system, which belongs to no phase: what a mark says of it. Null: it
 * is another mark.
 */
export function bootMark({ mark, detail }: BuildEvent & { type: 'mark' }): 'begin' | 'end' | null {
  if (mark === 'guest-started' && detail?.purpose === 'run') return 'begin';
  return mark === 'ssh-found' ? 'end' : null;
}

export const bootTitle = 'start the installed system';

/** One line on how to look at a guest: the live log of its console, and its screen. */
export function watchText({ consoleLog, screen, commands }: Watching): string {
  const [view] = commands;
  const console_ = consoleLog === undefined ? [] : [`console log: ${consoleLog}`];
  const where = [screen, view === undefined ? undefined : `(${view})`].filter(Boolean).join(' ');
  return [...console_, ...(where === '' ? [] : [`screen: ${where}`])].join('; ');
}

/**
 * A text from a guest or a server, safe for a terminal: control characters,
 * which could move the cursor or change its settings, are shown as `?`.
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the point
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '?');
}
