/** Makes the event stream: one writer, any number of readers. */
import type { BuildEvent, Emit, Phase } from './events.ts';

export type EventListener = (event: BuildEvent) => void;

export interface EventStream {
  emit: Emit;
  /** Returns the function that ends the subscription. */
  subscribe(listener: EventListener): () => void;
}

/** Events are stamped with the milliseconds since the process started, unless `now` is given. */
export function createEventStream(now: () => number = () => performance.now()): EventStream {
  const listeners = new Set<EventListener>();
  return {
    emit(event) {
      const stamped = { ...event, at: Math.round(now()) } as BuildEvent;
      for (const listener of listeners) listener(stamped);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Runs one phase between its start and end events. */
export async function inPhase<T>(
  emit: Emit,
  phase: Phase,
  title: string,
  work: () => Promise<T>,
): Promise<T> {
  const begin = performance.now();
  emit({ type: 'phase-start', phase, title });
  const result = await work();
  emit({ type: 'phase-end', phase, ms: Math.round(performance.now() - begin) });
  return result;
}

/** Says that a phase has nothing to do. */
export function skipPhase(emit: Emit, phase: Phase, why: string): void {
  emit({ type: 'phase-end', phase, ms: 0, skipped: why });
}
