/** Phases fetch-media and stage-media: from URLs to what the guest boots. */
import { access, copyFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { StagedMedium } from '../../backends/backend.ts';
import { messageOf } from '../base/errors.ts';
import { letAllRead } from '../base/let-all-read.ts';
import { limits } from '../base/limits.ts';
import { fetchMedium } from '../media/cache.ts';
import { extractFromFat } from '../media/fat-image.ts';
import { appendToInitrd } from '../media/initrd.ts';
import { extractFromIso, type IsoExtraction, isoInfo } from '../media/iso.ts';
import { whyUnsafe } from '../media/ownership.ts';
import { type RemoteStream, remoteIso } from '../media/remote-stream.ts';
import { shownUrl } from '../media/url.ts';
import { useMedium } from '../media/use.ts';
import { installerLabel } from '../plan/families/family.ts';
import type { BootFile, BuildPlan, PlannedMedium } from '../plan/types.ts';
import { type MadeIso, makeAnswerMedium, makeRemaster, replacementOf } from './answer-media.ts';
import { type BuildContext, byteProgress } from './build-context.ts';

export interface FetchedMedia {
  /** Local files by role. */
  files: Map<PlannedMedium['role'], string>;
  /** The installer's ISO, where it goes straight from its server to the backend. */
  passing?: RemoteStream;
}

export interface StagedBoot {
  kernel?: StagedMedium;
  initrd?: StagedMedium;
  /** The kernel's, complete. */
  cmdline?: string;
  media: StagedMedium[];
}

/** Warns when the ISO is not what was asked for; an opinion, which never fails a build. */
async function judge({ judgeInstaller, emit, signal }: BuildContext, file: string): Promise<void> {
  try {
    const text = await judgeInstaller?.(file, signal);
    if (text !== undefined) emit({ type: 'log', level: 'warning', text });
  } catch (error) {
    signal?.throwIfAborted();
    const text = `cannot tell what ${file} is: ${messageOf(error)}`;
    emit({ type: 'log', level: 'debug', text });
  }
}

/**
 * Whether nobody needs the ISO on this machine: the user wants to keep none, the guest's place
 * takes it as it comes, and nothing is read out of it or added to it.
 */
async function mayPass({ plan, backend }: BuildContext, medium: PlannedMedium): Promise<boolean> {
  const { boot, remaster } = plan.install;
  const whole = medium.role === 'installer' && boot.kind === 'cdrom' && remaster === undefined;
  if (!whole || medium.keep || !backend.pass || medium.url.startsWith('file:')) return false;
  return access(medium.cachePath).then(
    () => false,
    () => true,
  );
}

/** Where it is kept; with the build's own files where others could put something in its place. */
async function placeOf(
  medium: PlannedMedium,
  workDir: string,
  log: (text: string) => void,
): Promise<PlannedMedium> {
  const dir = path.dirname(medium.cachePath);
  const why = await whyUnsafe(dir, log);
  if (why === null) return medium;
  log(`${dir} is not used for ${medium.role}, and nothing is kept there: ${why}`);
  const cachePath = path.join(workDir, 'media', path.basename(medium.cachePath));
  return { ...medium, cachePath, keep: false };
}

/** What is loaded as a whole: far smaller than an ISO. */
const boots: ReadonlySet<string> = new Set(['kernel', 'initrd']);

/** Brings every medium of the plan onto this machine, or finds out that it need not come here. */
export async function fetchMedia(context: BuildContext): Promise<FetchedMedia> {
  const { plan, emit, signal, forceDownload, ledger, uses, used, workDir } = context;
  const fetched: FetchedMedia = { files: new Map() };
  const log = (text: string) => emit({ type: 'log', level: 'info', text });
  for (const planned of plan.media) {
    const medium = await placeOf(planned, workDir, log);
    const shown = { role: medium.role, url: shownUrl(medium.url) };
    const passing = (await mayPass(context, medium)) && (await remoteIso(medium, { signal, log }));
    if (passing) {
      log(`${medium.role}: straight from ${shown.url}`);
      await judge(context, medium.url);
      fetched.passing = passing;
      const { size, expect } = passing;
      const sha256 = expect?.type === 'sha256' ? expect.digest : undefined;
      used.push({ ...shown, bytes: size ?? undefined, sha256 });
      continue;
    }
    const use = await useMedium(ledger, medium.cachePath);
    uses.push({ use, keep: medium.keep, file: medium.cachePath });
    const result = await fetchMedium(medium, {
      force: forceDownload,
      pin: use.pin,
      most: boots.has(medium.role) ? limits.bootFile : limits.medium,
      signal,
      onProgress: byteProgress(emit, 'fetch-media', `download ${path.posix.basename(medium.url)}`),
      log,
    });
    const { path: file, cached, size, digests } = result;
    used.push({ ...shown, bytes: size, sha256: digests.sha256, digests });
    log(`${medium.role}: ${medium.cachePath}${cached ? ' (cached)' : ''}`);
    if (medium.role === 'installer' || medium.role === 'drivers') await isoInfo(file);
    if (medium.role === 'installer') await judge(context, file);
    fetched.files.set(medium.role, file);
  }
  return fetched;
}

/** What the user has put in the place of a file that boots: it would be started from the new ISO too. */
async function replaced({ plan, workDir }: BuildContext, paths: readonly string[]) {
  const { remaster } = plan.install;
  for (const wanted of remaster ? paths : []) {
    const file = remaster && (await replacementOf(remaster, workDir, wanted));
    if (file) return file;
  }
  return undefined;
}

/** Puts kernel and initrd into the work directory; the ISO's additions are there by now. */
async function bootFiles(context: BuildContext, fetched: FetchedMedia, targets: BootTargets) {
  const wanted: [BootFile, string][] = [
    [targets.kernel.source, targets.kernel.file],
    [targets.initrd.source, targets.initrd.file],
  ];
  const fromIso: IsoExtraction[] = [];
  for (const [source, to] of wanted) {
    if (source.from !== 'iso') continue;
    const own = await replaced(context, source.paths);
    if (own) await copyFile(own, to);
    else fromIso.push({ from: source.paths, to });
  }
  const iso = fetched.files.get('installer');
  if (fromIso.length > 0 && iso) await extractFromIso(iso, fromIso, { signal: context.signal });
  for (const [source, to] of wanted) {
    const from = source.from === 'medium' ? fetched.files.get(source.role) : undefined;
    if (from) await copyFile(from, to);
    if (source.inside === undefined) continue;
    await rename(to, `${to}-image`);
    await extractFromFat(`${to}-image`, source.inside, to, { signal: context.signal });
  }
}

interface BootTargets {
  kernel: { source: BootFile; file: string };
  initrd: { source: BootFile; file: string };
}

/** The files that the installer's media are made from, by role. */
async function mediaFiles(
  context: BuildContext,
  fetched: FetchedMedia,
): Promise<Partial<Record<'installer' | 'answer' | 'drivers', MadeIso>>> {
  const { plan, backend, signal, workDir, emit } = context;
  const { medium, remaster, attach } = plan.install;
  const iso = fetched.files.get('installer');
  if (remaster && iso) {
    emit({ type: 'log', level: 'info', text: 'adding further files to the ISO' });
  }
  const { remasters } = await backend.capabilities({ signal });
  // a disk's partition table would not know of what is appended
  const asCd = attach.some(({ role, device }) => role === 'installer' && device === 'cdrom');
  const installer =
    remaster && iso
      ? await makeRemaster(iso, remaster, workDir, { signal, form: asCd ? remasters : undefined })
      : iso && { path: iso };
  const answer = medium && (await makeAnswerMedium(medium, workDir, { signal }));
  const drivers = fetched.files.get('drivers');
  return {
    ...(installer ? { installer } : {}),
    ...(answer ? { answer: { path: answer } } : {}),
    ...(drivers ? { drivers: { path: drivers } } : {}),
  };
}

/** Where a medium may be fetched from again, and whether it may outlive the build. */
function originOf(plan: BuildPlan, role: PlannedMedium['role'] | 'answer') {
  const medium = plan.media.find((one) => one.role === role);
  const own = role === 'answer' || (role === 'installer' && plan.install.remaster !== undefined);
  return own || !medium ? { private: own } : { url: medium.url, private: !medium.keep };
}

async function stageAttached(
  context: BuildContext,
  fetched: FetchedMedia,
): Promise<StagedMedium[]> {
  const { plan, backend, signal, emit } = context;
  const files = await mediaFiles(context, fetched);
  const media: StagedMedium[] = [];
  for (const { role, device } of plan.install.attach) {
    const label = `${plan.name} ${role}`;
    const options = { signal, onProgress: byteProgress(emit, 'stage-media', `stage ${role}`) };
    const passing = role === 'installer' ? fetched.passing : undefined;
    const file = files[role];
    const staged = passing
      ? await backend.pass?.({ ...passing, role, label }, options)
      : file && (await backend.stage({ ...originOf(plan, role), ...file, role, label }, options));
    if (staged) media.push({ ...staged, device });
  }
  return media;
}

/** A label as udev writes it in /dev/disk/by-label, which is how kernel arguments name it. */
export function udevLabel(label: string): string {
  return label.replace(/[^\w#+\-.:=@/]/g, (character) =>
    [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}

async function commandLine(text: string, fetched: FetchedMedia): Promise<string> {
  const iso = fetched.files.get('installer');
  if (!text.includes(installerLabel) || !iso) return text;
  const { volumeId } = await isoInfo(iso);
  return text.replaceAll(installerLabel, () => udevLabel(volumeId));
}

/** Adds the answer file to the initrd, where that is what carries it. */
async function finishInitrd(context: BuildContext, plain: string): Promise<string> {
  const { plan, signal, workDir } = context;
  const { answer, carrier } = plan.install;
  if (carrier !== 'initrd') return plain;
  const initrd = path.join(workDir, 'initrd');
  const file = {
    name: answer.filename,
    content: Buffer.from(answer.text, answer.encoding),
    mode: 0o600,
  };
  await appendToInitrd(plain, initrd, [file], { signal });
  await writeFile(plain, ''); // not needed any more, and as large as the initrd
  return initrd;
}

/** Makes the kernel, the initrd, and the media known to the backend. */
export async function stageMedia(
  context: BuildContext,
  fetched: FetchedMedia,
): Promise<StagedBoot> {
  const { plan, backend, signal, workDir } = context;
  const { boot } = plan.install;
  const media = await stageAttached(context, fetched);
  if (boot.kind !== 'kernel') return { media };

  const kernel = path.join(workDir, 'kernel');
  const plain = path.join(workDir, 'initrd-plain');
  await bootFiles(context, fetched, {
    kernel: { source: boot.kernel, file: kernel },
    initrd: { source: boot.initrd, file: plain },
  });
  await letAllRead(kernel);
  const stage = (role: 'kernel' | 'initrd', file: string) =>
    backend.stage(
      { role, path: file, label: `${plan.name} ${role}`, private: originOf(plan, role).private },
      { signal },
    );
  return {
    kernel: await stage('kernel', kernel),
    initrd: await stage('initrd', await finishInitrd(context, plain)),
    cmdline: await commandLine(boot.cmdline, fetched),
    media,
  };
}
