/** Phases fetch-media and stage-media: from URLs to what the guest boots. */
import { chmod, copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { StagedMedium } from '../../backends/backend.ts';
import { messageOf } from '../base/errors.ts';
import { fetchMedium } from '../media/cache.ts';
import { appendToInitrd } from '../media/initrd.ts';
import { extractFromIso, isoInfo } from '../media/iso.ts';
import type { BootFile, PlannedMedium } from '../plan/types.ts';
import { type BuildContext, byteProgress } from './build-context.ts';

/** Local files by role, after fetching. */
export type FetchedMedia = Map<PlannedMedium['role'], string>;

export interface StagedBoot {
  kernel?: StagedMedium;
  initrd?: StagedMedium;
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

/** Brings every medium of the plan onto this machine. */
export async function fetchMedia(context: BuildContext): Promise<FetchedMedia> {
  const { plan, emit, signal, forceDownload } = context;
  const fetched: FetchedMedia = new Map();
  for (const medium of plan.media) {
    const { path: file, cached } = await fetchMedium(medium, {
      force: forceDownload,
      signal,
      onProgress: byteProgress(emit, 'fetch-media', `download ${path.posix.basename(medium.url)}`),
      log: (text) => emit({ type: 'log', level: 'info', text }),
    });
    emit({
      type: 'log',
      level: 'info',
      text: `${medium.role}: ${file}${cached ? ' (cached)' : ''}`,
    });
    if (medium.role === 'installer') {
      await isoInfo(file);
      await judge(context, file);
    }
    fetched.set(medium.role, file);
  }
  return fetched;
}

/** Puts kernel and initrd into the work directory. */
async function bootFiles(context: BuildContext, fetched: FetchedMedia, targets: BootTargets) {
  const wanted: [BootFile, string][] = [
    [targets.kernel.source, targets.kernel.file],
    [targets.initrd.source, targets.initrd.file],
  ];
  const fromIso = wanted.flatMap(([source, to]) =>
    source.from === 'iso' ? [{ from: source.paths, to }] : [],
  );
  const iso = fetched.get('installer');
  if (fromIso.length > 0 && iso) await extractFromIso(iso, fromIso, { signal: context.signal });
  for (const [source, to] of wanted) {
    const from = source.from === 'medium' ? fetched.get(source.role) : undefined;
    if (from) await copyFile(from, to);
  }
}

interface BootTargets {
  kernel: { source: BootFile; file: string };
  initrd: { source: BootFile; file: string };
}

/** Makes the kernel, the initrd with its answer file, and the media known to the backend. */
export async function stageMedia(
  context: BuildContext,
  fetched: FetchedMedia,
): Promise<StagedBoot> {
  const { plan, backend, signal, workDir, emit } = context;
  const { install } = plan;
  const media: StagedMedium[] = [];
  for (const { role, device } of install.attach) {
    const file = role === 'installer' ? fetched.get('installer') : undefined;
    if (!file) continue;
    const staged = await backend.stage(
      { role, path: file, label: `${plan.name} ${role}` },
      { signal, onProgress: byteProgress(emit, 'stage-media', `stage ${role}`) },
    );
    media.push({ ...staged, device });
  }
  if (install.boot.kind !== 'kernel') return { media };

  const kernel = path.join(workDir, 'kernel');
  const plain = path.join(workDir, 'initrd-plain');
  const initrd = path.join(workDir, 'initrd');
  await bootFiles(context, fetched, {
    kernel: { source: install.boot.kernel, file: kernel },
    initrd: { source: install.boot.initrd, file: plain },
  });
  await chmod(kernel, 0o644);
  const answer = {
    name: install.answer.filename,
    content: Buffer.from(install.answer.text),
    mode: 0o600,
  };
  await appendToInitrd(plain, initrd, [answer], { signal });
  await writeFile(plain, ''); // not needed any more, and as large as the initrd
  return {
    kernel: await backend.stage(
      { role: 'kernel', path: kernel, label: `${plan.name} kernel` },
      { signal },
    ),
    initrd: await backend.stage(
      { role: 'initrd', path: initrd, label: `${plan.name} initrd` },
      { signal },
    ),
    media,
  };
}
