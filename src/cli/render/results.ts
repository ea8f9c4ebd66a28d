/** The lines on standard output that say what was made. */
import type { Published } from '../../../backends/backend.ts';
import { printable } from './format.ts';

/** The image's name and id in Glance. */
export function publishedLine({ name, id }: Published): string {
  return `Image ${printable(name)} in Glance: ${printable(id)}\n`;
}
