/** Disks in the cloud: blank ones, snapshots, copies, and the way home. */
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { besideName, replaceFile, syncFile } from '../../src/base/atomic-file.ts';
import { messageOf, OzError } from '../../src/base/errors.ts';
import { convertImage } from '../../src/image/convert.ts';
import { imageFormat } from '../../src/image/formats.ts';
import { checkFreeSpace } from '../../src/media/free-space.ts';
import type { DiskSpec, Hardware, StagedDisk, TransferOptions } from '../backend.ts';
import { blankDisk } from './blank-disk.ts';
import { diskRef, gib, inGib, parseDiskRef } from './disk-ref.ts';
import { putOwnImage } from './own-image.ts';
import { passingProperties, withoutTraces } from './result.ts';
import { createOnce } from './services/create-once.ts';
import { type SavedImage, saveImage } from './services/save-image.ts';
import type { Cinder, Image, Volume } from './services/types.ts';
import { buildKey, entryOf, makeTagged, type Site, tagsOf } from './site.ts';
import { awaitImage, awaitVolume, removeVolume } from './wait.ts';

export function needCinder(site: Site): Cinder {
  const { cinder } = site.cloud;
  if (cinder) return cinder;
  throw new OzError('OZ_CLOUD_VOLUME', 'Cannot use volumes: the cloud has no Cinder', {
    hint: 'choose another strategy in [openstack]',
  });
}

/** Bytes that a guest sees of an image. */
function sizeOf(image: Image, otherwise: number): number {
  return image.virtualSize ?? Math.max(otherwise, image.minDisk * gib);
}

export function imageDisk(image: Image, otherwise: number): StagedDisk {
  return {
    ref: diskRef({ kind: 'image', id: image.id }),
    remote: true,
    format: image.diskFormat ?? 'qcow2',
    size: sizeOf(image, otherwise),
  };
}

async function blankImage(site: Site, size: number, signal?: AbortSignal): Promise<StagedDisk> {
  const bytes = blankDisk(Math.ceil(size / 512) * 512);
  const { id } = await putOwnImage(
    site,
    {
      name: `ozma blank disk ${site.buildId.slice(0, 8)}`,
      diskFormat: 'qcow2',
      containerFormat: 'bare',
      properties: { [buildKey]: site.buildId },
    },
    { size: bytes.length, repeatable: true, open: () => Readable.from([bytes]) },
    { signal },
  );
  return { ref: diskRef({ kind: 'image', id }), remote: true, format: 'qcow2', size };
}

export interface VolumeWanted {
  what: string;
  /** Bytes. */
  size: number;
  imageId?: string | undefined;
  /** A volume to copy. */
  sourceId?: string | undefined;
}

/** The zone of the servers, where Cinder has one of that name: its zones are its own. */
async function volumeZone({ cloud, settings, context }: Site, signal?: AbortSignal) {
  const zone = settings.availabilityZone?.split(':')[0];
  if (zone === undefined) return undefined;
  const zones = (await cloud.cinder?.availabilityZones({ signal })) ?? [];
  if (zones.length === 0 || zones.some(({ name }) => name === zone)) return zone;
  context.log(`Cinder has no availability zone ${zone}: it is to choose one itself`);
  return undefined;
}

/** A volume of ours, available. */
export async function makeVolume(
  site: Site,
  { what, size, imageId, sourceId }: VolumeWanted,
  signal?: AbortSignal,
): Promise<Volume> {
  const cinder = needCinder(site);
  const { volumeType: type } = site.settings;
  const availabilityZone = await volumeZone(site, signal);
  const id = await makeTagged(site, 'volume', (tag, once) => {
    const metadata = tagsOf(site, tag);
    return createOnce(
      async () =>
        (
          await cinder.createVolume(
            {
              name: `ozma ${what} ${site.buildId.slice(0, 8)}`,
              size: inGib(size),
              metadata,
              imageId,
              sourceId,
              type: type ?? undefined,
              availabilityZone,
            },
            { signal },
          )
        ).id,
      async () => (await cinder.volumes({ metadata }, { signal }))[0]?.id ?? null,
      { ...once, signal },
    );
  });
  return awaitVolume(site, { id, doing: 'make', signal });
}

/**
 * Removes what was needed on the way only. What can't be removed now (Ceph's "in use") is no
 * reason to lose a build: it stays in the ledger, and is tried again at its end.
 */
export async function nowOrLater(
  site: Site,
  what: string,
  remove: () => Promise<void>,
): Promise<void> {
  try {
    await remove();
  } catch (error) {
    site.context.log(`${what} is to be removed later: ${messageOf(error)}`);
  }
}

export async function dropVolume(site: Site, id: string): Promise<void> {
  await removeVolume(site, id);
  site.context.ledger.drop(entryOf(site, 'volume', id));
}

/** A volume that a server starts from, and whose image others can start. */
async function diskVolume(site: Site, wanted: VolumeWanted, signal?: AbortSignal) {
  const { id, encrypted, type } = await makeVolume(site, wanted, signal);
  if (encrypted) {
    throw new OzError(
      'OZ_CLOUD_VOLUME',
      `Cannot use a volume of type ${type} for the disk: it is encrypted, and its image could be started by nobody else`,
      { hint: 'set volume_type in [openstack] to a type without encryption' },
    );
  }
  await needCinder(site).setBootable(id, true, { signal });
  const ref = diskRef({ kind: 'volume', id });
  return { ref, remote: true, format: 'raw', size: inGib(wanted.size) * gib };
}

/** A volume with the content of an image, which stays as it is. */
export async function volumeOfImage(
  site: Site,
  { ref, size }: StagedDisk,
  signal?: AbortSignal,
): Promise<StagedDisk> {
  const { id } = parseDiskRef(ref);
  const image = await site.cloud.glance.image(id, { signal });
  const wanted = { what: 'disk', size: Math.max(size, (image?.minDisk ?? 0) * gib), imageId: id };
  const disk = await diskVolume(site, wanted, signal);
  site.own.add(disk.ref);
  return disk;
}

/** A disk with the content of another one, which stays as it is. */
async function copyOf(site: Site, spec: DiskSpec, from: string, signal?: AbortSignal) {
  const source = parseDiskRef(from);
  // Every server of an image has a disk of its own.
  if (source.kind === 'image') {
    return { ref: from, remote: true, format: spec.format, size: spec.size };
  }
  const wanted = { what: 'copy', size: spec.size, sourceId: source.id };
  const { id } = await makeVolume(site, wanted, signal);
  return { ref: diskRef({ kind: 'volume', id }), remote: true, format: 'raw', size: spec.size };
}

export async function createDisk(
  site: Site,
  spec: DiskSpec,
  { signal }: TransferOptions = {},
): Promise<StagedDisk> {
  if (spec.from !== undefined) return copyOf(site, spec, spec.from, signal);
  // A floppy can only be the server's image; then the disk is none.
  const beside = spec.strategy === 'volumes' || spec.beside?.includes('floppy');
  const disk = beside
    ? await diskVolume(site, { what: 'disk', size: spec.size }, signal)
    : await blankImage(site, spec.size, signal);
  site.own.add(disk.ref);
  return disk;
}

/** Removes a disk that this process has made; leaves all others. */
export async function dropOwnDisk(site: Site, ref: string): Promise<void> {
  if (!site.own.has(ref)) return;
  const { kind, id } = parseDiskRef(ref);
  if (kind === 'volume') await dropVolume(site, id);
  else {
    await site.cloud.glance.deleteImage(id);
    site.context.ledger.drop(entryOf(site, 'image', id));
  }
  site.own.delete(ref);
}

export interface Snapshot {
  serverId: string;
  name: string;
  hardware: Hardware;
  /** Bytes, where Glance does not tell. */
  size: number;
}

/** The disk of a server that is off, as an image that starts from itself. */
export async function snapshot(
  site: Site,
  { serverId, name, hardware, size }: Snapshot,
  { signal, onProgress }: TransferOptions = {},
): Promise<StagedDisk> {
  const { nova, glance } = site.cloud;
  const id = await makeTagged(site, 'image', (tag, once) => {
    const metadata = tagsOf(site, tag);
    return createOnce(
      () => nova.createImage(serverId, { name: `ozma disk of ${name}`, metadata }, { signal }),
      async () =>
        (await glance.images({ properties: metadata, mine: true }, { signal }))[0]?.id ?? null,
      { ...once, signal },
    );
  });
  const image = await awaitImage(site, id, `take the disk of ${name}`, signal, (done) =>
    onProgress?.(done, null),
  );
  const changed = await glance.changeImage(
    id,
    {
      ...withoutTraces(image.properties),
      ...passingProperties(hardware),
      [buildKey]: site.buildId,
    },
    { signal },
  );
  const disk = imageDisk({ ...changed, virtualSize: image.virtualSize }, size);
  site.own.add(disk.ref);
  return disk;
}

/** A volume as an image; the volume stays. Returns the image, active. */
export async function volumeToImage(
  site: Site,
  volumeId: string,
  name: string,
  { signal, onProgress }: TransferOptions = {},
): Promise<Image> {
  const cinder = needCinder(site);
  await awaitVolume(site, { id: volumeId, doing: 'read', signal });
  // Cinder takes no metadata for the image: a name of our own must do.
  const id = await makeTagged(site, 'image', (tag, once) => {
    const unique = `${name} ${tag}`;
    return createOnce(
      () => cinder.uploadToImage(volumeId, { name: unique, diskFormat: 'qcow2' }, { signal }),
      async () => {
        const found = await site.cloud.glance.images({ name: unique, mine: true }, { signal });
        return found[0]?.id ?? null;
      },
      { ...once, signal },
    );
  });
  const image = await awaitImage(
    site,
    id,
    `make an image of the volume of ${name}`,
    signal,
    (done) => onProgress?.(done, null),
  );
  await awaitVolume(site, { id: volumeId, doing: 'read', signal });
  return image;
}

/** The data of an image in a file. */
async function download(
  site: Site,
  image: Image,
  target: string,
  options: TransferOptions,
): Promise<SavedImage> {
  // A raw disk is as large as it looks to its guest, and takes the room of its data alone.
  const needed = image.diskFormat === 'raw' ? 0 : (image.size ?? 0);
  await checkFreeSpace(target, needed, `download the image ${image.name ?? image.id}`);
  return saveImage(site.cloud.glance, image, target, options);
}

/** Goes on with an image that is still being checked; what is wrong with the image is told first. */
async function beside(
  saved: SavedImage,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const own = new AbortController();
  const checking = saved.check().catch((error) => {
    own.abort(error);
    throw error;
  });
  const working = work(signal ? AbortSignal.any([signal, own.signal]) : own.signal);
  for (const ended of await Promise.allSettled([checking, working])) {
    signal?.throwIfAborted();
    if (ended.status === 'rejected') throw ended.reason;
  }
}

async function imageToFile(
  site: Site,
  image: Image,
  target: string,
  format: string,
  options: TransferOptions,
): Promise<void> {
  const sourceFormat = image.diskFormat ?? 'raw';
  const { signal } = options;
  if (imageFormat(format).driver === sourceFormat) {
    return replaceFile(target, async (temporary) => {
      const saved = await download(site, image, temporary, options);
      await Promise.all([saved.check(), syncFile(temporary)]);
    });
  }
  const fetched = besideName(target);
  try {
    const saved = await download(site, image, fetched, options);
    await replaceFile(target, (temporary) =>
      beside(saved, signal, (either) =>
        convertImage(fetched, temporary, { format, sourceFormat, signal: either }),
      ),
    );
  } finally {
    await rm(fetched, { force: true });
  }
}

/** Brings a disk here, in that format. */
export async function exportDisk(
  site: Site,
  disk: StagedDisk,
  target: string,
  format: string,
  options: TransferOptions = {},
): Promise<void> {
  const { kind, id } = parseDiskRef(disk.ref);
  const { glance } = site.cloud;
  if (kind === 'image') {
    const image = await glance.image(id, options);
    if (!image) throw new OzError('OZ_CLOUD_GONE', `Cannot download the image ${id}: it is gone`);
    return imageToFile(site, image, target, format, options);
  }
  const image = await volumeToImage(site, id, 'ozma export', { signal: options.signal });
  try {
    await imageToFile(site, image, target, format, options);
  } finally {
    await nowOrLater(site, `image ${image.id}`, async () => {
      await glance.deleteImage(image.id);
      site.context.ledger.drop(entryOf(site, 'image', image.id));
    });
  }
}
