/** Files of this machine as images: sent once, and found again by their content. */
import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { deadline } from '../../src/base/abort.ts';
import { messageOf, OzError } from '../../src/base/errors.ts';
import { fileDigest, knowsDigest } from '../../src/media/digest.ts';
import type {
  KeptMedium,
  LocalMedium,
  PassingMedium,
  StagedMedium,
  TransferOptions,
} from '../backend.ts';
import { wrapFile } from './blank-disk.ts';
import { isAlive, thisMaker } from './maker.ts';
import { isoKind, type MediumKind, mediumKind } from './medium-kind.ts';
import { putOwnImage } from './own-image.ts';
import type { Image, UploadSource } from './services/types.ts';
import { fileSource } from './services/upload-source.ts';
import { buildKey, entryOf, type Site } from './site.ts';

/** What is said of a medium in Glance. */
type NamedMedium = Pick<LocalMedium, 'role' | 'label' | 'url' | 'private'>;

/** Of the file's content; marks an image as ours to reuse. */
const contentKey = 'ozma_sha256';
/** Of the process that sends it. */
const makerKey = 'ozma_maker';

/** An unfinished image of a maker that can't be asked is given up after so long. */
const abandonedMs = 24 * 3600_000;

/** An import that nothing is seen of for so long will not begin. */
const importBeginMs = 60_000;

/** Of a whole file (what is spliced never stays); each is worked out when it is first needed. */
interface Content {
  /** Null: not known. */
  size: number | null;
  /** Null: not known. */
  digest(algorithm: string): Promise<string | null>;
}

async function contentOf(file: string, { signal }: TransferOptions): Promise<Content> {
  const known = new Map<string, Promise<string>>();
  return {
    size: (await stat(file)).size,
    digest(algorithm) {
      const found = known.get(algorithm) ?? fileDigest(file, algorithm, { signal });
      known.set(algorithm, found);
      return found;
    },
  };
}

/** Of what is on its way: nobody has seen it yet. */
const contentOnItsWay = ({ size, expect }: PassingMedium): Content => ({
  size,
  digest: async (algorithm) => (algorithm === expect?.type ? expect.digest.toLowerCase() : null),
});

/** What holds an answer file, or is made of one, is of this build alone. */
function mayStay({ role, private: secret }: NamedMedium): boolean {
  return !secret && (role === 'kernel' || role === 'installer' || role === 'drivers');
}

/** Null: Glance says nothing of its bytes that can be compared here. */
async function sameBytes({ size, digest }: Image, content: Content): Promise<boolean | null> {
  if (size !== null && content.size !== null && size !== content.size) return false;
  if (!digest || !knowsDigest(digest.algorithm)) return null;
  const known = await content.digest(digest.algorithm);
  return known === null ? null : digest.value.toLowerCase() === known;
}

/** `otherwise`: where its bytes can't be compared. */
async function fits(image: Image, kind: MediumKind, content: Content, otherwise: boolean) {
  const { status, diskFormat, containerFormat } = image;
  if (status !== 'active') return false;
  if (diskFormat !== kind.diskFormat || containerFormat !== kind.containerFormat) return false;
  // What is wrapped has other bytes in Glance; our own mark must do.
  return kind.wrapped || ((await sameBytes(image, content)) ?? otherwise);
}

/** Begun by a run that is dead. */
function isOursAbandoned(image: Image): boolean {
  if (!image.properties[buildKey]) return false;
  if (!['queued', 'saving', 'uploading', 'importing'].includes(image.status)) return false;
  const alive = isAlive(image.properties[makerKey]);
  return alive === null ? Date.now() - Date.parse(image.createdAt) > abandonedMs : !alive;
}

/**
 * By Glance: what only this machine has it can't, and credentials are not given away, nor a query,
 * which may be one.
 */
function mayBeFetched(text: string): boolean {
  const { protocol, hostname, username, password, search } = new URL(text);
  const here = /^(localhost|127\..*|\[::1\])$/.test(hostname);
  return /^https?:$/.test(protocol) && !here && !username && !password && !search;
}

export interface Staging {
  stage(medium: LocalMedium, options?: TransferOptions): Promise<StagedMedium>;
  /** An ISO of this build alone, from where it comes. */
  pass(medium: PassingMedium, options?: TransferOptions): Promise<StagedMedium>;
  kept(signal?: AbortSignal): Promise<KeptMedium[]>;
  /** Removes what dead runs have begun to send. */
  clearAbandoned(signal?: AbortSignal): Promise<void>;
}

export function createStaging(
  site: Site,
  importMethods: () => Promise<readonly string[]>,
): Staging {
  const { cloud, context, settings } = site;
  const { glance } = cloud;
  const { ledger, log } = context;

  async function reusable(kind: MediumKind, content: Content, signal?: AbortSignal) {
    const mark = await content.digest('sha256');
    if (mark === null) return undefined;
    const found = await glance.images(
      { properties: { [contentKey]: mark }, mine: true },
      { signal },
    );
    for (const image of found) if (await fits(image, kind, content, true)) return image;
    return undefined;
  }

  async function newImage(medium: NamedMedium, kind: MediumKind, content: Content) {
    const mark = mayStay(medium) ? await content.digest('sha256') : null;
    return {
      name: `ozma ${medium.label}`,
      diskFormat: kind.diskFormat,
      containerFormat: kind.containerFormat,
      properties: {
        [buildKey]: site.buildId,
        [makerKey]: thisMaker(),
        // Nobody is to find what will be gone with this build.
        ...(mark !== null && { [contentKey]: mark }),
      },
    };
  }

  /** Null: Glance can't fetch it, or fetches something else. */
  async function fetched(
    medium: NamedMedium,
    kind: MediumKind,
    content: Content,
    { signal }: TransferOptions,
  ): Promise<Image | null> {
    const { url } = medium;
    if (!url || !settings.webDownload || kind.wrapped || !mayBeFetched(url)) return null;
    if (!(await importMethods()).includes('web-download')) return null;
    const id = randomUUID();
    ledger.add(entryOf(site, 'image', id));
    await glance.createImage({ id, ...(await newImage(medium, kind, content)) }, { signal });
    const late = () =>
      new OzError('OZ_CLOUD_UNREACHABLE', 'Cannot let Glance fetch it: it takes too long');
    const limit = deadline(settings.timeouts.image, late, signal);
    try {
      await glance.importFromUrl(id, url, { signal: limit.signal });
      const done = await glance.waitForImage(id, {
        signal: limit.signal,
        importMs: importBeginMs,
      });
      if (await fits(done, kind, content, false)) return done;
      log(`what Glance fetched is not ${medium.label}: sending it`);
    } catch (error) {
      signal?.throwIfAborted();
      log(`Glance could not fetch ${medium.label}: ${messageOf(error)}`);
    } finally {
      limit.clear();
    }
    try {
      await glance.deleteImage(id, { signal });
      ledger.drop(entryOf(site, 'image', id));
    } catch (error) {
      signal?.throwIfAborted();
      log(messageOf(error)); // the ledger has it: it goes at the end
    }
    return null;
  }

  async function sent(
    medium: LocalMedium,
    kind: MediumKind,
    content: Content,
    options: TransferOptions,
  ): Promise<Image> {
    const source: UploadSource = kind.wrapped
      ? { ...(await wrapFile(medium.path)), repeatable: true }
      : await fileSource(medium.path, medium.splice);
    return putOwnImage(site, await newImage(medium, kind, content), source, options);
  }

  return {
    async stage(medium, options = {}) {
      const { role, label } = medium;
      const kind = await mediumKind(medium);
      const content = await contentOf(medium.path, options);
      const stays = mayStay(medium);
      const known = stays ? await reusable(kind, content, options.signal) : undefined;
      if (known) {
        log(`${label} is in Glance already: ${known.id}`);
        return { role, label, ref: known.id };
      }
      const image =
        (await fetched(medium, kind, content, options)) ??
        (await sent(medium, kind, content, options));
      if (stays) ledger.drop(entryOf(site, 'image', image.id));
      return { role, label, ref: image.id };
    },

    async pass({ role, label, url, ...passing }, options = {}) {
      const medium = { role, label, url, private: true };
      const content = contentOnItsWay({ ...medium, ...passing });
      const source = { size: passing.size, repeatable: true, open: passing.open };
      // What Glance has fetched can be compared with nothing but the TDL's checksum.
      const known = passing.expect?.type === 'sha512';
      const image =
        (known ? await fetched(medium, isoKind, content, options) : null) ??
        (await putOwnImage(site, await newImage(medium, isoKind, content), source, options));
      return { role, label, ref: image.id };
    },

    async kept(signal) {
      const found = await glance.images({ mine: true }, { signal });
      return found.flatMap((image) => {
        const { id, name, size, properties, status } = image;
        const whole = properties[contentKey] !== undefined && status === 'active';
        if (!whole && !isOursAbandoned(image)) return [];
        const what = `${name ?? id}${whole ? '' : ', unfinished'}`;
        return [{ name: `${what} (${site.at})`, size, entry: entryOf(site, 'image', id) }];
      });
    },

    async clearAbandoned(signal) {
      const found = await glance.images({ mine: true }, { signal });
      for (const image of found) {
        if (!isOursAbandoned(image)) continue;
        log(`removing the unfinished image ${image.name ?? image.id} of a run that is dead`);
        await glance.deleteImage(image.id, { signal }).catch((error: unknown) => {
          signal?.throwIfAborted();
          log(messageOf(error)); // it is in the way of nothing
        });
      }
    },
  };
}
