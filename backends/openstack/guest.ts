/** One virtual machine: a server for each run on another disk. */
import { codeOf, OzError } from '../../src/base/errors.ts';
import type { Boot, Guest, GuestSpec, GuestState, StagedDisk, StopEvent } from '../backend.ts';
import { addressFinder } from './address.ts';
import { consoleLog } from './console-growth.ts';
import { parseDiskRef } from './disk-ref.ts';
import {
  dropOwnDisk,
  dropVolume,
  exportDisk,
  makeVolume,
  needCinder,
  nowOrLater,
  snapshot,
  volumeOfImage,
} from './disks.ts';
import { createKeyboard } from './keyboard.ts';
import {
  bootProperties,
  flavorOf,
  floppyOf,
  isRescue,
  needsVolume,
  rescueProperties,
  serverRequest,
  volumeMedia,
} from './request.ts';
import { takeScreenshot } from './screenshot.ts';
import { type AttachedVolume, serverBody } from './server-body.ts';
import { createOnce } from './services/create-once.ts';
import type { Call, ImageChange, Nova, RawAnswer, Server } from './services/types.ts';
import { entryOf, makeTagged, type Site, tagsOf } from './site.ts';
import type { Survey } from './survey.ts';
import { awaitServer, awaitVolume, removeServer } from './wait.ts';
import { type Watch, watchServer } from './watch.ts';
import { waysToLook } from './ways-to-look.ts';

export interface GuestParts {
  site: Site;
  survey: Survey;
  spec: GuestSpec;
  /** Aborted when the place is closed: nobody looks at the guest any more. */
  closing: AbortSignal;
}

/** Never shown: user data holds passwords and keys. */
const secretFields = /user_data|adminPass|config_drive_data/i;

function withoutSecrets(raw: RawAnswer): RawAnswer {
  return Object.fromEntries(Object.entries(raw).filter(([key]) => !secretFields.test(key)));
}

/** What was done to a server; of what failed also the steps, which name the cause. */
async function historyOf(nova: Nova, id: string, call?: Call) {
  const actions = await nova.instanceActions(id, call).catch(() => []);
  return Promise.all(
    actions.map(async (action) => {
      if (action.message === null) return action;
      const events = await nova.instanceEvents(id, action.requestId, call).catch(() => []);
      return { ...action, events };
    }),
  );
}

const defaultTail = 65536;

export function makeGuest({ site, survey, spec, closing }: GuestParts): Guest {
  const { cloud, context } = site;
  const { nova, glance } = cloud;
  const { name, hardware } = spec;
  const listeners = new Set<(event: StopEvent) => void>();
  const log = consoleLog(spec.consoleLog);
  const addresses = addressFinder(site, survey.ssh);
  const keyboard = createKeyboard({ site, name, closing });

  let disk: StagedDisk = spec.disk;
  let serverId: string | null = null;
  let media: AttachedVolume[] = [];
  let watch: Watch | null = null;
  let rescued = false;
  let gone = false;
  let stopping = false;
  let ended: GuestState = 'stopped';
  let lastServer: Server | null = null;

  const call = (doing: string, signal?: AbortSignal) => {
    if (serverId === null) throw new Error(`guest ${name} has no server`);
    return { id: serverId, name, doing, signal };
  };
  const isRunning = () => watch !== null;

  function finish(event: StopEvent, state: GuestState): void {
    lastServer = watch?.server() ?? lastServer;
    watch?.end();
    watch = null;
    keyboard.close();
    ended = state;
    context.log(`guest ${name}: ${event.reason}${event.detail ? ` (${event.detail})` : ''}`);
    for (const listener of [...listeners]) listener(event);
  }

  function beginWatch(): void {
    if (serverId === null) return;
    log.begin();
    stopping = false;
    watch = watchServer({
      site,
      name,
      serverId,
      log,
      countActivity: spec.purpose === 'install',
      closing,
      onEnd: finish,
      stopping: () => stopping,
    });
  }

  /** The server's image says how it is booted, else the disk; only one of ours may be told. */
  async function prepareDisk(boot: Boot, signal?: AbortSignal): Promise<void> {
    const properties: ImageChange = bootProperties(spec, boot);
    const floppy = floppyOf(spec, boot);
    if (floppy) await glance.changeImage(floppy.ref, properties, { signal });
    if (floppy || !site.own.has(disk.ref)) return;
    const { kind, id } = parseDiskRef(disk.ref);
    if (kind === 'image') {
      await glance.changeImage(id, properties, { signal });
      return;
    }
    const cinder = needCinder(site);
    const set = Object.entries(properties).filter(([, value]) => value !== null);
    await cinder.setImageMetadata(id, Object.fromEntries(set) as Record<string, string>, {
      signal,
    });
    const there = (await cinder.volume(id, { signal }))?.imageMetadata ?? {};
    for (const [key, value] of Object.entries(properties)) {
      if (value === null && key in there) await cinder.unsetImageMetadata(id, key, { signal });
    }
  }

  /** Made beforehand rather than by Nova, which gives a large copy three minutes and no more. */
  async function prepareMedia(boot: Boot, signal?: AbortSignal): Promise<void> {
    for (const { ref, role, device = 'cdrom' } of volumeMedia(spec, boot)) {
      const image = await glance.image(ref, { signal });
      if (!image)
        throw new OzError('OZ_CLOUD_GONE', `Cannot start guest ${name}: its ${role} is gone`);
      const size = image.virtualSize ?? image.size ?? 1;
      const { id } = await makeVolume(site, { what: role, size, imageId: ref }, signal);
      media.push({ volumeId: id, device });
    }
  }

  async function createServer(boot: Boot, signal?: AbortSignal): Promise<void> {
    const flavor = flavorOf({ ...spec, disk }, survey, site.settings);
    serverId = await makeTagged(site, 'server', async (tag, once) => {
      const metadata = tagsOf(site, tag);
      const parts = { spec: { ...spec, disk }, boot, flavorId: flavor.id, media, survey, metadata };
      const body = serverBody(serverRequest({ ...parts, settings: site.settings }));
      const { id } = await createOnce(
        () => nova.createServer(body, { signal }),
        async () => (await nova.servers({ metadata }, { signal }))[0] ?? null,
        { ...once, signal },
      );
      return id;
    });
    context.log(`guest ${name} is server ${serverId} of flavor ${flavor.name}`);
    lastServer = await awaitServer(site, call('start', signal), ({ status }) => status !== 'BUILD');
  }

  async function beginRescue(signal?: AbortSignal): Promise<void> {
    const [installer] = spec.media;
    if (!installer) {
      throw new OzError(
        'OZ_CLOUD_SERVER',
        `Cannot start guest ${name}: it has no installer to rescue it with`,
      );
    }
    await glance.changeImage(installer.ref, rescueProperties(spec), { signal });
    const { id } = call('rescue');
    await nova.rescueServer(id, { imageId: installer.ref }, { signal });
    rescued = true;
    await awaitServer(
      site,
      call('start the installer of', signal),
      ({ status, taskState }) => status === 'RESCUE' && taskState === null,
    );
  }

  /** Off, and nothing being done to it. */
  async function settle(signal?: AbortSignal): Promise<void> {
    const { id } = call('stop');
    if (rescued) {
      await nova.unrescueServer(id, { signal });
      rescued = false;
      // It boots the installed disk now: off with it before that has begun.
      await awaitServer(
        { ...site, looks: { ...site.looks, changing: Math.min(1000, site.looks.changing) } },
        call('end the rescue of', signal),
        ({ status, taskState }) => status !== 'RESCUE' && taskState === null,
      );
    }
    const now = await awaitServer(
      site,
      call('stop', signal),
      ({ taskState }) => taskState === null,
    );
    if (now.status === 'SHUTOFF') return;
    await nova.stopServer(id, { signal }).catch((error: unknown) => {
      if (codeOf(error) !== 'OZ_CLOUD_BUSY') throw error; // Nova has just begun to, by itself
    });
    await awaitServer(
      site,
      call('stop', signal),
      ({ status, taskState }) => status === 'SHUTOFF' && taskState === null,
    );
  }

  async function dropServer(): Promise<void> {
    if (serverId === null) return;
    await removeServer(site, serverId);
    context.ledger.drop(entryOf(site, 'server', serverId));
    serverId = null;
  }

  async function dropMedia(): Promise<void> {
    for (const { volumeId } of media) {
      await nowOrLater(site, `volume ${volumeId}`, () => dropVolume(site, volumeId));
    }
    media = [];
  }

  async function takeDisk(options: { signal?: AbortSignal | undefined } = {}): Promise<StagedDisk> {
    const { signal } = options;
    if (serverId === null) return disk;
    const { kind, id } = parseDiskRef(disk.ref);
    if (kind === 'volume') {
      await dropServer();
      await awaitVolume(site, { id, doing: 'take over', signal });
      return disk;
    }
    await settle(signal);
    const taken = await snapshot(site, { serverId, name, hardware, size: disk.size }, options);
    await dropServer();
    await nowOrLater(site, disk.ref, () => dropOwnDisk(site, disk.ref));
    disk = taken;
    return disk;
  }

  /** After a power-off that the installer meant as a restart. */
  async function startAgain(boot: Boot, signal?: AbortSignal): Promise<void> {
    const { id } = call('start');
    if (parseDiskRef(disk.ref).kind === 'volume' && spec.boot.kind !== 'kernel') {
      await nova.startServer(id, { signal });
    } else {
      // Kernel and rescue medium would come first for as long as this server lives.
      await takeDisk({ signal });
      await prepareDisk(boot, signal);
      await createServer(boot, signal);
      return;
    }
    await awaitServer(site, call('start', signal), ({ status }) => status === 'ACTIVE');
  }

  async function start(boot: Boot, signal?: AbortSignal): Promise<void> {
    if (needsVolume({ ...spec, disk }, boot, survey, site.settings)) {
      disk = await volumeOfImage(site, disk, signal);
    }
    await prepareDisk(boot, signal);
    await prepareMedia(boot, signal);
    await createServer(boot, signal);
    if (isRescue(spec, boot)) await beginRescue(signal);
  }

  return {
    name,

    async start({ boot = spec.boot, signal } = {}) {
      signal?.throwIfAborted();
      if (gone) throw new Error(`guest ${name} was destroyed`);
      if (isRunning()) throw new Error(`guest ${name} runs already`);
      if (serverId === null) await start(boot, signal);
      else await startAgain(boot, signal);
      beginWatch();
    },

    async state() {
      if (gone) return 'gone';
      return watch?.state() ?? ended;
    },

    onStop(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    async activity() {
      return watch?.activity() ?? null;
    },

    async console(options) {
      const shown = log.read(options?.tailBytes ?? defaultTail);
      return shown.size > 0 || watch?.hasConsole() ? shown : null;
    },

    async screenshot(options) {
      if (serverId === null) return null;
      return takeScreenshot(site, serverId, options?.signal);
    },

    async sendKeys(codes, options) {
      if (!isRunning() || serverId === null) {
        throw new OzError('OZ_CLOUD_KEYS', `Cannot press keys in guest ${name}: it does not run`, {
          hint: 'start it first',
        });
      }
      await keyboard.press(serverId, codes, options?.signal);
    },

    async address(options) {
      if (!watch || serverId === null) return null;
      const server = watch.server() ?? lastServer;
      return server && addresses.find(server, options?.signal);
    },

    async watch() {
      const consoleLog = spec.consoleLog === '' ? undefined : spec.consoleLog;
      return { consoleLog, commands: serverId === null ? [] : waysToLook(site, serverId) };
    },

    async describe(options) {
      const now = serverId === null ? null : await nova.server(serverId, options).catch(() => null);
      const actions = serverId === null ? [] : await historyOf(nova, serverId, options);
      const server = withoutSecrets(now?.raw ?? lastServer?.raw ?? {});
      return { file: 'server.json', text: `${JSON.stringify({ server, actions }, null, 2)}\n` };
    },

    async stop({ graceMs, signal }) {
      if (!isRunning() || serverId === null) return;
      stopping = true;
      await nova.stopServer(serverId, { signal });
      const timeouts = { ...site.settings.timeouts };
      timeouts.server = Math.max(timeouts.server, graceMs);
      const patient = { ...site, settings: { ...site.settings, timeouts } };
      await awaitServer(patient, call('stop', signal), ({ status }) => status === 'SHUTOFF');
      finish({ reason: 'shutdown' }, 'stopped');
    },

    async takeDisk(options) {
      if (isRunning()) {
        throw new OzError('OZ_GUEST_RUNNING', `Cannot take the disk of ${name}: it runs`);
      }
      return takeDisk(options);
    },

    // No signal here: what was made is removed even when everything else is given up.
    async destroy() {
      if (gone) return;
      if (watch) finish({ reason: 'destroyed' }, 'stopped');
      await addresses.release();
      await dropServer();
      await dropMedia();
      gone = true;
    },

    async exportDisk(target, format, options) {
      if (isRunning()) {
        throw new OzError('OZ_GUEST_RUNNING', `Cannot export the disk of ${name}: it runs`);
      }
      await exportDisk(site, disk, target, format, options);
    },
  };
}
