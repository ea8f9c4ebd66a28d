/** Events as JSON, one a line. */
import type { EventListener } from '../../engine/event-stream.ts';

export function jsonRenderer(write: (text: string) => void): EventListener {
  return (event) => write(`${JSON.stringify(event)}\n`);
}
