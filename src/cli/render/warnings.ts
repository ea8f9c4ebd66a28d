/** Warnings that the user should see even at -d0, where the log shows none. */
import type { Io } from '../io.ts';
import { paint } from './color.ts';
import { printable } from './format.ts';
import type { RenderOptions } from './index.ts';

export function showWarnings(
  warnings: readonly string[],
  { json, level }: Pick<RenderOptions, 'json' | 'level'>,
  io: Io,
): void {
  if (json || level > 0) return;
  const label = paint(io.stderr, 'Warning:', 'yellow');
  for (const text of warnings) io.stderr.write(`${label} ${printable(text)}\n`);
}
