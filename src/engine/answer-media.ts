/** Makes the media that a plan puts an answer file on: a medium of its own, or a copy of the ISO. */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Capabilities, LocalMedium, MediumDevice } from '../../backends/backend.ts';
import { OzError } from '../base/errors.ts';
import { buildFloppy, buildIso, buildUsb, type MediumRequest } from '../media/answer-medium.ts';
import { fetchDirectory } from '../media/directory.ts';
import { download } from '../media/download.ts';
import type { Addition } from '../media/iso-additions.ts';
import { overlayIso, spliceIso } from '../media/iso-overlay.ts';
import { remasterIso } from '../media/remaster.ts';
import type { AnswerFile, AnswerMedium, PlannedRemaster } from '../plan/types.ts';

export interface MakeOptions {
  signal?: AbortSignal | undefined;
}

const builders: Record<MediumDevice, (request: MediumRequest) => Promise<void>> = {
  cdrom: buildIso,
  floppy: buildFloppy,
  usb: buildUsb,
};

const contentOf = (file: AnswerFile) => ('bytes' in file ? file.bytes : file.text);

/** Builds the medium in `dir`; returns its path. Throws OZ_ANSWER_MEDIUM, OZ_TOOL_MISSING. */
export async function makeAnswerMedium(
  { device, label, files }: AnswerMedium,
  dir: string,
  { signal }: MakeOptions = {},
): Promise<string> {
  const target = path.join(dir, device === 'cdrom' ? 'answer.iso' : 'answer.img');
  const content = files.map((file) => ({ name: file.path, content: contentOf(file) }));
  await builders[device]({ label, files: content, target, signal });
  return target;
}

/** Brings an extra into `dir`; a directory's content lies in a directory of its own. */
async function fetchExtra(
  { kind, source }: PlannedRemaster['extras'][number],
  to: string,
  { signal }: MakeOptions,
): Promise<void> {
  if (kind === 'directory') return fetchDirectory(source, to, { signal });
  await download(source, to, { signal });
}

/** Where each addition is brought to in `dir`: extras first, so that none takes the answer file's place. */
function additionsOf({ files, extras }: PlannedRemaster, dir: string): Addition[] {
  const targets = [...extras.map(({ destination }) => destination), ...files.map((f) => f.path)];
  return targets.map((to, index) => ({ from: path.join(dir, 'iso-extras', String(index)), to }));
}

/** The file in `dir` that an addition puts in the place of `wanted`, a path on the ISO. */
export async function replacementOf(
  remaster: PlannedRemaster,
  dir: string,
  wanted: string,
): Promise<string | undefined> {
  for (const { from, to } of additionsOf(remaster, dir).reverse()) {
    const inside = path.posix.relative(
      path.posix.resolve('/', to),
      path.posix.resolve('/', wanted),
    );
    if (inside.startsWith('..')) continue;
    const file = path.join(from, inside);
    if ((await stat(file).catch(() => undefined))?.isFile()) return file;
  }
  return undefined;
}

/** An installer's ISO with more in it: whole, as an overlay of `base`, or to be spliced. */
export type MadeIso = Pick<LocalMedium, 'path' | 'base' | 'splice'>;

/**
 * Writes the ISO with its additions into `dir`: in the form that is asked for where that is
 * possible, else as a copy. Throws as remasterIso() does.
 */
export async function makeRemaster(
  iso: string,
  remaster: PlannedRemaster,
  dir: string,
  { signal, form }: MakeOptions & { form?: Capabilities['remasters'] } = {},
): Promise<MadeIso> {
  const { extras, files } = remaster;
  const add = additionsOf(remaster, dir);
  if (add.length === 0)
    throw new OzError('OZ_REMASTER', `Cannot copy ${iso}: nothing is to be added`);
  await mkdir(path.join(dir, 'iso-extras'), { recursive: true, mode: 0o700 });
  for (const [index, { from }] of add.entries()) {
    const extra = extras[index];
    const file = files[index - extras.length];
    if (extra) await fetchExtra(extra, from, { signal });
    else if (file) await writeFile(from, contentOf(file), { mode: 0o644 });
  }
  const target = path.join(dir, 'installer.iso');
  const request = { iso, target, add, signal };
  if (form === 'overlay' && (await overlayIso(request))) {
    return { path: target, base: path.resolve(iso) };
  }
  if (form === 'splice') {
    const splice = await spliceIso(request);
    if (splice) return { path: target, splice };
  }
  await remasterIso(request);
  return { path: target };
}
