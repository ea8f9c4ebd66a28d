/** Progress as plain lines, for files, pipes and build services. */
import type { EventListener } from '../../engine/event-stream.ts';
import type { BuildEvent } from '../../engine/events.ts';
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

/** Milliseconds between two progress lines of one phase. */
const pause = 30_000;

/** Writes a line at each phase's start and end, at an installer's steps, and now and then in between. */
export function plainRenderer(write: (text: string) => void): EventListener {
  let lastProgress = 0;
  let step: string | null = null;
  let inPhase = false;
  let bootBegan: number | null = null;
  const line = (event: BuildEvent, text: string) =>
    write(`[${clock(event.at)}] ${printable(text)}\n`);
  return (event) => {
    switch (event.type) {
      case 'build-start':
        return line(event, `${event.name}: ${event.summary}`);
      case 'phase-start':
        lastProgress = event.at;
        step = null;
        inPhase = true;
        return line(event, event.title);
      case 'watch': {
        const text = watchText(event);
        return text === '' ? undefined : line(event, `  ${text}`);
      }
      case 'step':
        if (event.step === step && event.at - lastProgress < pause) return;
        [step, lastProgress] = [event.step, event.at];
        return line(event, `  ${stepText(event)}`);
      case 'progress':
        if (event.at - lastProgress < pause) return;
        lastProgress = event.at;
        return line(event, `  ${event.what}: ${amount(event.done, event.total, event.unit)}`);
      case 'mark':
        if (bootMark(event) === 'begin' && !inPhase) {
          bootBegan = event.at;
          return line(event, bootTitle);
        }
        if (bootMark(event) !== 'end' || bootBegan === null) return;
        line(event, `  done in ${duration(event.at - bootBegan)}`);
        bootBegan = null;
        return;
      case 'phase-end':
        inPhase = false;
        if (event.skipped !== undefined) return;
        return line(event, `  done in ${duration(event.ms)}`);
      default:
    }
  };
}
