/** Waits for servers and volumes to become what they are to be. */
import { deadline, delay } from '../../src/base/abort.ts';
import { OzError } from '../../src/base/errors.ts';
import type { Server, Volume } from './services/types.ts';
import type { Site } from './site.ts';

/** Nova's words for what went wrong, with what a user can do about it. */
const hints: readonly [RegExp, string][] = [
  [
    /No valid host/i,
    'no host of the cloud has room for this flavor, or what the image asks for (firmware, TPM, bus, zone): try another flavor, or leave options out',
  ],
  [
    /Exceeded maximum number of retries/i,
    "every host failed to start it: its hardware may not be possible there (cdrom bus, machine type); the cloud's administrator sees why",
  ],
  [/quota/i, 'remove what is no longer needed, or ask for a larger quota'],
  [/volume/i, 'the volume service failed: try again, or use strategy = direct'],
];

export function serverFailure(name: string, doing: string, server: Server): OzError {
  const words = server.fault?.message.trim().replace(/\.$/, '') || 'Nova does not say why';
  return new OzError('OZ_CLOUD_SERVER', `Cannot ${doing} guest ${name}: ${words}`, {
    hint:
      hints.find(([pattern]) => pattern.test(words))?.[1] ??
      `the server ${server.id} is in state ERROR; the cloud's administrator sees why`,
  });
}

/** Looks until `done` is not null. `late` is thrown after `ms`. */
async function until<T>(
  site: Site,
  ms: number,
  late: () => OzError,
  signal: AbortSignal | undefined,
  done: (signal: AbortSignal) => Promise<T | null>,
): Promise<T> {
  const limit = deadline(ms, late, signal);
  const { changing } = site.looks;
  try {
    // Soon at first, then ever more seldom: what takes long may take minutes.
    for (let pause = changing; ; pause = Math.min(pause * 1.25, changing * 3)) {
      const result = await done(limit.signal);
      if (result !== null) return result;
      await delay(pause, limit.signal);
    }
  } finally {
    limit.clear();
  }
}

const seconds = (ms: number) => Math.round(ms / 1000);

export interface AwaitServer {
  id: string;
  /** The guest's. */
  name: string;
  /** What the waiting is for: `start`, `stop`, … */
  doing: string;
  signal?: AbortSignal | undefined;
}

/** Until `is` says so. Throws `OZ_CLOUD_SERVER` for state ERROR, and when it is gone. */
export function awaitServer(
  site: Site,
  { id, name, doing, signal }: AwaitServer,
  is: (server: Server) => boolean,
): Promise<Server> {
  const ms = site.settings.timeouts.server;
  let last = 'unknown';
  const late = () =>
    new OzError(
      'OZ_CLOUD_SERVER',
      `Cannot ${doing} guest ${name}: after ${seconds(ms)} s its server is still ${last}`,
      { hint: '[openstack] server_timeout in oz.cfg sets the limit' },
    );
  return until(site, ms, late, signal, async (looking) => {
    const server = await site.cloud.nova.server(id, { signal: looking });
    if (!server) {
      throw new OzError(
        'OZ_CLOUD_SERVER',
        `Cannot ${doing} guest ${name}: its server was deleted by somebody else`,
      );
    }
    last = server.status + (server.taskState ? ` (${server.taskState})` : '');
    if (server.status === 'ERROR') throw serverFailure(name, doing, server);
    return is(server) ? server : null;
  });
}

/** Deletes a server and waits until it is gone, with all its disks free again. */
export async function removeServer(site: Site, id: string, signal?: AbortSignal): Promise<void> {
  const { nova } = site.cloud;
  const ms = site.settings.timeouts.server;
  await nova.deleteServer(id, { signal });
  const late = () =>
    new OzError(
      'OZ_CLOUD_SERVER',
      `Cannot remove the server ${id}: it is still there after ${seconds(ms)} s`,
      { hint: 'the next run tries again; openstack server show tells its state' },
    );
  let forced = false;
  await until(site, ms, late, signal, async (looking) => {
    const server = await nova.server(id, { signal: looking });
    if (server === null) return true;
    // Clouds with a reclaim interval keep it, and its disks in use, for hours.
    if (server.status === 'SOFT_DELETED' && !forced) {
      forced = true;
      await nova.forceDeleteServer(id, { signal: looking });
    }
    return null;
  });
}

async function volumeFailure(site: Site, volume: Volume, doing: string): Promise<OzError> {
  const said = await site.cloud.cinder?.messages(volume.id).catch(() => []);
  const words = said?.[0]?.replace(/\.$/, '') ?? `its state is ${volume.status}`;
  return new OzError(
    'OZ_CLOUD_VOLUME',
    `Cannot ${doing} the volume ${volume.name ?? volume.id}: ${words}`,
    {
      hint: "try again; the cloud's administrator sees why it failed",
    },
  );
}

export interface AwaitVolume {
  id: string;
  doing: string;
  signal?: AbortSignal | undefined;
}

/** Until it is available. Throws `OZ_CLOUD_VOLUME` for an error state, and when it is gone. */
export function awaitVolume(site: Site, { id, doing, signal }: AwaitVolume): Promise<Volume> {
  const { cinder } = site.cloud;
  const ms = site.settings.timeouts.volume;
  let last = 'unknown';
  const late = () =>
    new OzError(
      'OZ_CLOUD_VOLUME',
      `Cannot ${doing} the volume ${id}: after ${seconds(ms)} s it is still ${last}`,
      { hint: '[openstack] volume_timeout in oz.cfg sets the limit' },
    );
  return until(site, ms, late, signal, async (looking) => {
    const volume = (await cinder?.volume(id, { signal: looking })) ?? null;
    if (!volume) {
      throw new OzError('OZ_CLOUD_VOLUME', `Cannot ${doing} the volume ${id}: it is gone`);
    }
    last = volume.status;
    if (/^error/.test(volume.status)) throw await volumeFailure(site, volume, doing);
    return volume.status === 'available' ? volume : null;
  });
}

/** States in which Cinder refuses to delete, and which pass. */
const busy = new Set([
  'in-use',
  'attaching',
  'detaching',
  'uploading',
  'creating',
  'deleting', // somebody has asked already
  'downloading',
  'reserved',
]);

/** Deletes a volume, as soon as that can be, and waits until it is gone. */
export async function removeVolume(site: Site, id: string, signal?: AbortSignal): Promise<void> {
  const { cinder } = site.cloud;
  if (!cinder) return;
  const ms = site.settings.timeouts.volume;
  let asked = false;
  let last = 'unknown';
  const late = () =>
    new OzError(
      'OZ_CLOUD_VOLUME',
      `Cannot remove the volume ${id}: after ${seconds(ms)} s it is ${last}`,
      { hint: 'the next run tries again; openstack volume show tells its state' },
    );
  await until(site, ms, late, signal, async (looking) => {
    const volume = await cinder.volume(id, { signal: looking });
    if (!volume) return true;
    last = volume.status;
    if (last === 'error_deleting') throw await volumeFailure(site, volume, 'remove');
    if (!asked && !busy.has(last)) {
      await cinder.deleteVolume(id, { signal: looking });
      asked = true;
    }
    return null;
  });
}

/** Until the image is active, told by the settings' patience. */
export async function awaitImage(
  site: Site,
  id: string,
  what: string,
  signal?: AbortSignal,
  onPoll?: (done: number) => void,
) {
  const ms = site.settings.timeouts.image;
  const late = () =>
    new OzError(
      'OZ_CLOUD_IMAGE',
      `Cannot ${what}: the image ${id} is not there after ${seconds(ms)} s`,
      { hint: '[openstack] image_timeout in oz.cfg sets the limit' },
    );
  const limit = deadline(ms, late, signal);
  try {
    return await site.cloud.glance.waitForImage(id, {
      signal: limit.signal,
      pollMs: site.looks.changing * 3,
      onPoll: (image) => onPoll?.(image.size ?? 0),
    });
  } finally {
    limit.clear();
  }
}
