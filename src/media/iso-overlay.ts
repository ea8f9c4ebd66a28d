/**
 * An installer's ISO with further files in it that takes no copy: what is new, a few MiB, as a
 * qcow2 overlay above the ISO as it is, or as a file to be spliced with it. xorriso appends a
 * session to a stand-in: as long as the ISO, with all its blocks but those of the
 * files' content, which nobody reads meanwhile. What boots stays where it is.
 */
import { constants } from 'node:fs';
import { chmod, type FileHandle, mkdtemp, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { limits } from '../base/limits.ts';
import { runTool } from '../base/run-tool.ts';
import { checkFreeSpace } from './free-space.ts';
import { isoInfo } from './iso.ts';
import { type Addition, fitAdditions } from './iso-additions.ts';
import { addByXorriso, type RemasterRequest, writeWhole } from './remaster.ts';
import { between, type Range, type Splice } from './splice.ts';

const block = 2048;
/** Bytes; the clusters of a qcow2 file are either the ISO's or ours as a whole. */
const cluster = 64 * 1024;
/** Bytes behind the volume that a new session would be written over. */
const mostTrailing = 1024 * 1024;

/** What xorriso tells of the place of each file's content, and of what boots. */
async function surveyOf(iso: string, signal: AbortSignal | undefined): Promise<string> {
  const drive = ['-no_rc', '-indev', `stdio:${iso}`, '-report_el_torito', 'plain'];
  const find = ['-find', '/', '-type', 'f', '-exec', 'report_lba'];
  const most = limits.isoListing;
  const { stdout } = await runTool('xorriso', [...drive, ...find], { signal, most });
  return stdout.toString('utf8');
}

/** Whether a file would take the place of one that boots, which El Torito points to by its block. */
async function replacesBoot(survey: string, add: readonly Addition[]): Promise<boolean> {
  const images = [...survey.matchAll(/^El Torito img path : +\d+ +(.*)$/gm)];
  for (const [, image = ''] of images) {
    for (const { from, to } of add) {
      const inside = path.posix.relative(to, image);
      if (inside.startsWith('..')) continue;
      const there = await stat(path.join(from, inside)).catch(() => undefined);
      if (there?.isFile()) return true;
    }
  }
  return false;
}

/** Where the content of files lies; whole clusters only, sorted. */
function contentOf(survey: string): Range[] {
  const lines = survey.matchAll(/^File data lba: +\d+ , +(\d+) , +(\d+) ,/gm);
  const extents = [...lines]
    .map(([, start, count]) => ({ from: Number(start), to: Number(start) + Number(count) }))
    .sort((a, b) => a.from - b.from);
  const joined: Range[] = [];
  for (const extent of extents) {
    const last = joined.at(-1);
    if (last && extent.from <= last.to) last.to = Math.max(last.to, extent.to);
    else joined.push(extent);
  }
  return joined
    .map(({ from, to }) => ({
      from: Math.ceil((from * block) / cluster) * cluster,
      to: Math.floor((to * block) / cluster) * cluster,
    }))
    .filter(({ from, to }) => to > from);
}

async function copyRange(from: FileHandle, to: FileHandle, range: Range): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(1024 * 1024, range.to - range.from));
  for (let at = range.from; at < range.to; ) {
    const { bytesRead } = await from.read(buffer, 0, Math.min(buffer.length, range.to - at), at);
    if (bytesRead === 0) return;
    await to.write(buffer, 0, bytesRead, at);
    at += bytesRead;
  }
}

/** A sparse file as long as the ISO, with those ranges of it. */
async function makeStandIn(
  iso: string,
  file: string,
  { ranges, size, signal }: { ranges: Range[]; size: number; signal: AbortSignal | undefined },
): Promise<void> {
  const source = await open(iso, 'r');
  try {
    const target = await open(file, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o600);
    try {
      await target.truncate(size);
      for (const range of ranges) {
        signal?.throwIfAborted();
        await copyRange(source, target, range);
      }
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** The ISO with its new session; `standIn` holds all but what `splice` names. */
type Finish = (made: { standIn: string; splice: Splice; copy: string }) => Promise<void>;

/** False where what is asked for takes remasterIso(). */
async function withSession(request: RemasterRequest, finish: Finish): Promise<boolean> {
  const { target, signal } = request;
  const iso = path.resolve(request.iso);
  const { size: volume } = await isoInfo(iso);
  const { size } = await stat(iso);
  if (size - volume > mostTrailing) return false;
  const additions = await fitAdditions(iso, request.add, signal);
  const survey = await surveyOf(iso, signal);
  if (await replacesBoot(survey, additions.add)) return false;
  await writeWhole(request, async (copy) => {
    const content = contentOf(survey);
    const ranges = between(content, size);
    const copied = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
    await checkFreeSpace(target, 2 * copied, `build ${target}`);
    const dir = await mkdtemp(path.join(path.dirname(path.resolve(target)), '.ozma-session-'));
    try {
      const standIn = path.join(dir, 'iso');
      await makeStandIn(iso, standIn, { ranges, size, signal });
      const drives = ['-dev', `stdio:${standIn}`, '-boot_image', 'any', 'keep'];
      await addByXorriso(additions, drives, signal);
      await finish({ standIn, splice: { base: iso, ranges: content }, copy });
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
  return true;
}

/**
 * Writes a qcow2 overlay of the ISO to `target`; `iso` must stay where it is. Returns false,
 * with nothing written, where what boots would be replaced, or the ISO has data
 * behind its volume that would be written over: that takes remasterIso(). Throws as that does.
 */
export function overlayIso(request: RemasterRequest): Promise<boolean> {
  const { signal } = request;
  return withSession(request, async ({ standIn, splice, copy }) => {
    const overlay = path.join(path.dirname(standIn), 'overlay');
    await runTool('qemu-img', ['convert', '-q', '-f', 'raw', '-O', 'qcow2', standIn, overlay], {
      signal,
    });
    // holes are the ISO's from now on
    const base = ['-b', splice.base, '-F', 'raw'];
    await runTool('qemu-img', ['rebase', '-q', '-u', '-f', 'qcow2', ...base, overlay], { signal });
    await chmod(overlay, 0o600);
    await rename(overlay, copy);
  });
}

/**
 * The same for a place that is sent the ISO: `target` becomes a sparse file as long as all of
 * it, without what the splice takes from `iso`. Null where overlayIso() returns false.
 */
export async function spliceIso(request: RemasterRequest): Promise<Splice | null> {
  let made: Splice | null = null;
  await withSession(request, async ({ standIn, splice, copy }) => {
    made = splice;
    await rename(standIn, copy);
  });
  return made;
}
