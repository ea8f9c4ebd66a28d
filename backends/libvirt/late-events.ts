/** Tells the events of a domain's run from those of the run before, which libvirt may send late. */
import type { Connection, DomainEvent } from './connection.ts';
import { vir } from './ffi.ts';

/**
 * Domains whose last run has not been told to have stopped: by UUID, which the runs of one guest
 * share, and those of another guest that takes its place.
 */
const untold = new WeakMap<Connection, Set<string>>();

export interface LateEvents {
  /** A run begins. */
  begin(): void;
  /** To be asked once for each event, as it comes. */
  isLate(event: DomainEvent): boolean;
}

export function lateEvents(connection: Connection, uuid: string): LateEvents {
  const stillToCome = untold.get(connection) ?? new Set<string>();
  untold.set(connection, stillToCome);
  /** Until the run before is told to have stopped, or this one to have started. */
  let late = false;
  return {
    begin() {
      late = stillToCome.has(uuid);
      stillToCome.add(uuid);
    },
    isLate(event) {
      if (event.kind !== 'lifecycle') return late;
      const was = late && event.event !== vir.event.started;
      if (event.event === vir.event.stopped && !late) stillToCome.delete(uuid);
      if (event.event === vir.event.stopped || event.event === vir.event.started) late = false;
      return was;
    },
  };
}
