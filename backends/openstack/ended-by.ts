/** Who ended a server that is off: its guest, or somebody who told Nova to. */
import { messageOf } from '../../src/base/errors.ts';
import type { StopEvent } from '../backend.ts';
import type { InstanceAction } from './services/types.ts';
import type { Site } from './site.ts';

/** What begins a run: what was done before it does not count. */
const begins = new Set(['create', 'start', 'reboot', 'rebuild', 'rescue', 'unrescue', 'unshelve']);

/** What ends one. Much else is done to servers while they run: migrations, images of them, volumes. */
const ends = new Set([
  ...['stop', 'delete', 'shelve', 'shelveOffload', 'suspend', 'resize', 'migrate', 'evacuate'],
  'trigger_crash_dump',
]);

/** Of the last run. Nova's own, such as its stop of a guest that went off by itself, are nobody's. */
function endingOf(actions: readonly InstanceAction[]): InstanceAction | undefined {
  const newest = [...actions].sort((a, b) => (a.startTime < b.startTime ? 1 : -1));
  const begun = newest.findIndex(({ action }) => begins.has(action));
  const ofRun = begun < 0 ? newest : newest.slice(0, begun);
  return ofRun.find(({ action, userId }) => ends.has(action) && userId !== null);
}

/** To be asked once, of a run that was not ended by us. A Nova that does not tell is believed. */
export async function endedBy(
  { cloud, context }: Pick<Site, 'cloud' | 'context'>,
  serverId: string,
  signal?: AbortSignal,
): Promise<StopEvent> {
  try {
    const ending = endingOf(await cloud.nova.instanceActions(serverId, { signal }));
    if (!ending) return { reason: 'shutdown' };
    const { action, userId, startTime } = ending;
    const detail = `an operator of the cloud ended it (${action} by user ${userId}, ${startTime})`;
    return { reason: 'destroyed', detail };
  } catch (error) {
    signal?.throwIfAborted();
    context.log(`it is not known who ended the server ${serverId}: ${messageOf(error)}`);
    return { reason: 'shutdown' };
  }
}
