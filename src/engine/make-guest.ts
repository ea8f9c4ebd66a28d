/** A new guest, not yet running, that is listened to and can be told about should the work fail. */
import type { Guest, GuestSpec } from '../../backends/backend.ts';
import type { WorkContext } from './build-context.ts';
import { listenForStops, type Stops } from './stops.ts';
import { type HasWritten, watchDisk } from './written.ts';

export interface MadeGuest {
  guest: Guest;
  /** To be ended by who asked for the guest. */
  stops: Stops;
  /** Asked when it has ended. Null where that does not show. */
  hasWritten: HasWritten;
}

export async function makeGuest(context: WorkContext, spec: GuestSpec): Promise<MadeGuest> {
  const { backend, clock, signal, witness } = context;
  // A system that is there already writes where it has written before: its disk need not grow.
  const hasWritten: HasWritten =
    spec.purpose === 'install' ? await watchDisk(context, spec.disk) : async () => null;
  const guest = await backend.createGuest(spec, { signal });
  const stops = listenForStops(guest, clock);
  witness.guest = guest;
  witness.consoleLog = spec.consoleLog;
  return { guest, stops, hasWritten };
}
