/** Tells whether a guest does something, with whatever its place tells. */
import type { Activity, Guest } from '../../backends/backend.ts';

/** Bytes of network traffic that count as work, as in Oz. */
const networkThreshold = 4096;
/**
 * Looks over which network traffic is summed up, about ten seconds as in Oz:
 * a hung guest on a bridge hears broadcasts for ever, but slowly.
 */
const networkWindow = 10;

export type ActivitySource = 'disk' | 'network' | 'console';

export interface ActivityReport {
  active: boolean;
  /** What could be looked at this time; empty: nothing. */
  sources: ActivitySource[];
  /** For the evidence. */
  last: { activity: Activity | null; consoleBytes: number | null };
}

/**
 * A function that compares with its previous call. Disk requests and network
 * bytes decide; the console's growth stands in for the part that is not told,
 * unless the guest is known to speak on its screen alone.
 */
export function activityWatcher(
  guest: Guest,
  { silentConsole = false }: { silentConsole?: boolean | undefined } = {},
): (signal?: AbortSignal) => Promise<ActivityReport> {
  let disk: number | null = null;
  let network: number | null = null;
  let looks = 0;
  let printed: number | null = null;
  return async (signal) => {
    const now = await guest.activity({ signal });
    const told = now !== null && now.diskRequests !== null && now.networkBytes !== null;
    const console_ = told || silentConsole ? null : await guest.console({ signal, tailBytes: 0 });
    const sources: ActivitySource[] = [];
    let active = false;
    if (now?.diskRequests != null) {
      sources.push('disk');
      active ||= disk === null || now.diskRequests !== disk;
      disk = now.diskRequests;
    }
    if (now?.networkBytes != null) {
      sources.push('network');
      const moved = network === null || Math.abs(now.networkBytes - network) >= networkThreshold;
      active ||= moved;
      if (moved || ++looks >= networkWindow) {
        network = now.networkBytes;
        looks = 0;
      }
    }
    if (console_) {
      sources.push('console');
      active ||= printed === null || console_.size !== printed;
      printed = console_.size;
    }
    return { active, sources, last: { activity: now, consoleBytes: printed } };
  };
}
