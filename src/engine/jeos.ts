/** The JEOS cache: finished installations, kept to start later builds from. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { StagedDisk } from '../../backends/backend.ts';
import { makeDirectory } from '../base/make-directory.ts';
import { whyOf } from '../base/system-errors.ts';
import { expectedDigest, isOutOfReach } from '../media/cache.ts';
import { withLock } from '../media/lock.ts';
import { whyDistrusted, whyUnsafe } from '../media/ownership.ts';
import { pinFile } from '../media/pin.ts';
import { useMedium } from '../media/use.ts';
import { type BuildContext, byteProgress } from './build-context.ts';
import { copyDisk } from './copy-disk.ts';
import { type JeosRecord, jeosRecordPath, readJeosRecord, writeJeosRecord } from './jeos-record.ts';

const logOf =
  ({ emit }: BuildContext) =>
  (text: string) =>
    emit({ type: 'log', level: 'info', text });

/** Why it is not an installation of what the TDL's checksums say; null: nothing speaks against it. */
async function otherMedia(context: BuildContext, record: JeosRecord | null) {
  const { plan, signal } = context;
  const log = logOf(context);
  for (const medium of plan.media) {
    const { role, checksum } = medium;
    if (!checksum) continue;
    const known = record?.media.find((one) => one.role === role)?.digests?.[checksum.type];
    if (known === undefined) {
      log(`it is not known which ${role} the cached JEOS was installed from`);
      continue;
    }
    try {
      const expected = await expectedDigest(medium, { signal, log });
      if (expected?.digest !== known) return `its ${role} had another ${checksum.type}`;
    } catch (error) {
      if (!isOutOfReach(error)) throw error;
      log(`the ${checksum.type} of ${role} is out of reach: using the cached JEOS as it is`);
    }
  }
  return null;
}

/** The build's own name for the installation to start from; undefined: there is none to be used. */
export async function cachedJeos(context: BuildContext): Promise<string | undefined> {
  const { plan, forceDownload, signal, ledger, uses, used } = context;
  const file = plan.jeos?.path;
  if (file === undefined || forceDownload || !existsSync(file)) return undefined;
  const log = logOf(context);
  const refused = (why: string) => log(`not starting from the cached JEOS ${file}: ${why}`);
  const unsafe = await whyUnsafe(path.dirname(file), log);
  if (unsafe !== null) {
    refused(`of its directory, ${unsafe}`);
    return undefined;
  }
  const use = await useMedium(ledger, file);
  uses.push({ use, keep: true, file });
  return withLock(`${file}.lock`, { signal }, async () => {
    if (!existsSync(file)) return undefined; // removed meanwhile
    const record = await readJeosRecord(file);
    const why = (await whyDistrusted(file)) ?? (await otherMedia(context, record));
    if (why !== null) {
      refused(why);
      return undefined;
    }
    await pinFile(file, use.pin);
    used.push(...(record?.media ?? []));
    context.jeos = file;
    return use.pin;
  });
}

/**
 * Keeps a copy of a fresh installation, when the configuration wants that. The installation itself
 * is not lost where that fails.
 */
export async function storeJeos(context: BuildContext, disk: StagedDisk): Promise<void> {
  const { plan, emit, signal } = context;
  const file = plan.jeos?.path;
  if (file === undefined) return;
  try {
    await store(context, disk, file);
  } catch (error) {
    signal?.throwIfAborted();
    const text = `the JEOS is not cached as ${file}: ${whyOf(error)}`;
    emit({ type: 'log', level: 'warning', text });
  }
}

async function store(context: BuildContext, disk: StagedDisk, file: string): Promise<void> {
  const { plan, emit, signal, used } = context;
  const log = logOf(context);
  const dir = path.dirname(file);
  await makeDirectory(dir);
  const unsafe = await whyUnsafe(dir, log);
  if (unsafe !== null) return log(`not caching the JEOS in ${dir}: ${unsafe}`);
  log(`caching the JEOS as ${file}`);
  await withLock(`${file}.lock`, { signal }, async () => {
    // Never the one's record beside the other's disk.
    await rm(jeosRecordPath(file), { force: true });
    await copyDisk(context, disk, file, {
      format: plan.disk.format,
      compress: plan.disk.format === 'qcow2',
      onProgress: byteProgress(emit, 'install', 'cache the JEOS'),
    });
    await writeJeosRecord(file, used);
  });
}
