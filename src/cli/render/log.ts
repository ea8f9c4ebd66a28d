/** Log lines and guest output on standard error, as much as `-d` asks for. */
import type { EventListener } from '../../engine/event-stream.ts';
import type { BuildEvent } from '../../engine/events.ts';
import type { LogLevel } from '../values.ts';
import { duration, printable } from './format.ts';

const needed = { error: 0, warning: 1, info: 2, debug: 3 } as const;

interface Line {
  level: keyof typeof needed;
  source: string;
  text: string;
}

function lineOf(event: BuildEvent): Line | undefined {
  switch (event.type) {
    case 'log':
      return { level: event.level, source: 'ozma', text: event.text };
    case 'output':
      return { level: 'info', source: event.source, text: event.text };
    case 'mark':
      return {
        level: 'debug',
        source: 'ozma',
        text: `${event.mark} at ${duration(event.at)}${event.detail ? ` ${JSON.stringify(event.detail)}` : ''}`,
      };
    default:
      return undefined;
  }
}

/** Writes each event that is a log line; at level 4 as `LEVEL:source:text`, as Oz does. */
export function logRenderer(level: LogLevel, write: (text: string) => void): EventListener {
  return (event) => {
    const line = lineOf(event);
    if (!line || needed[line.level] > level) return;
    const prefix = level >= 4 ? `${line.level.toUpperCase()}:${line.source}:` : '';
    write(`${prefix}${printable(line.text)}\n`);
  };
}
