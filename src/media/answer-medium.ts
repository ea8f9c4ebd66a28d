/** Builds the media that carry answer files: an ISO, a floppy, a USB disk. */
import { chmod, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from '../base/atomic-file.ts';
import { OzError } from '../base/errors.ts';
import { runTool } from '../base/run-tool.ts';
import { wordWriteFailure } from './write-failure.ts';

export interface MediumFile {
  /** Path on the medium, without a leading slash. */
  name: string;
  content: Uint8Array | string;
}

export interface MediumRequest {
  /** Volume label. An ISO takes 32 characters, FAT 11. */
  label: string;
  files: readonly MediumFile[];
  /** Written whole or not at all, with mode 0600: answer files hold passwords. */
  target: string;
  signal?: AbortSignal | undefined;
}

function checkRequest({ label, files, target }: MediumRequest, longestLabel: number): void {
  const fail = (why: string): never => {
    throw new OzError('OZ_ANSWER_MEDIUM', `Cannot build ${target}: ${why}`);
  };
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(label)) fail('its label must be ASCII');
  if (label.length > longestLabel) fail(`its label is longer than ${longestLabel} characters`);
  for (const { name } of files) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: no name on any medium has them
    const isBad = /[\x00-\x1f\\]/.test(name) || name.split('/').some((p) => /^\.{0,2}$/.test(p));
    if (isBad) fail(`${JSON.stringify(name)} is no file name for it`);
  }
}

/** Lays the files out in a private directory beside the target, for the tools to read. */
async function withTree<T>(request: MediumRequest, use: (dir: string) => Promise<T>): Promise<T> {
  const beside = path.dirname(path.resolve(request.target));
  const dir = await mkdtemp(path.join(beside, '.ozma-medium-')); // mode 0700
  try {
    for (const { name, content } of request.files) {
      await mkdir(path.dirname(path.join(dir, name)), { recursive: true });
      await writeFile(path.join(dir, name), content, { mode: 0o644 });
    }
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function build(
  request: MediumRequest,
  longestLabel: number,
  write: (tree: string, image: string) => Promise<void>,
): Promise<void> {
  request.signal?.throwIfAborted();
  checkRequest(request, longestLabel);
  try {
    await withTree(request, (tree) =>
      replaceFile(request.target, async (image) => {
        await (await open(image, 'wx', 0o600)).close(); // the tools keep the mode
        await write(tree, image);
        await chmod(image, 0o600);
      }),
    );
  } catch (error) {
    throw wordWriteFailure(error, request.target, `build ${request.target}`);
  }
}

/** Fixed times, so that the same files give the same bytes: 2000-01-01. */
const fixedDates = { SOURCE_DATE_EPOCH: '946684800' };
const fileDates = ['--set_all_file_dates', '2000010100000000'];

/** An ISO 9660 image with Rock Ridge and Joliet names. */
export async function buildIso(request: MediumRequest): Promise<void> {
  await build(request, 32, async (tree, image) => {
    await runTool(
      'xorriso',
      [
        ...['-no_rc', '-as', 'mkisofs', '-quiet'],
        ...['-V', request.label, '-J', '-joliet-long', '-r'],
        ...[...fileDates, '-o', image, tree],
      ],
      { signal: request.signal, env: fixedDates },
    );
  });
}

/** mtools must not read the user's settings, nor doubt the geometry. */
const mtoolsEnv = { MTOOLSRC: '/dev/null', MTOOLS_SKIP_CHECK: '1', ...fixedDates };

async function buildFat(
  request: MediumRequest,
  image: string,
  tree: string,
  format: readonly string[],
): Promise<void> {
  const options = { signal: request.signal, env: mtoolsEnv };
  const serial = ['-N', '4f5a4d41'];
  await runTool('mformat', ['-i', image, ...format, ...serial, '-v', request.label, '::'], options);
  const tops = [...new Set(request.files.map(({ name }) => name.split('/')[0] as string))].sort();
  if (tops.length === 0) return;
  const sources = tops.map((name) => path.join(tree, name));
  await runTool('mcopy', ['-i', image, '-s', '-Q', ...sources, '::/'], options);
}

/** INT 18h, by which a BIOS tries what is next in its order; and a halt, should it come back. */
const nextDevice = Buffer.from([0xcd, 0x18, 0xf4, 0xeb, 0xfd]);
/** Where mformat's boot sectors begin to run. */
const bootCodeAt = 0x3e;

/** A machine that starts from the floppy goes on to its disk and CD, and asks for no key before. */
async function passBootOn(image: string): Promise<void> {
  const file = await open(image, 'r+');
  try {
    await file.write(nextDevice, 0, nextDevice.length, bootCodeAt);
  } finally {
    await file.close();
  }
}

/** A 1.44 MB floppy: FAT12, media byte F0. */
export async function buildFloppy(request: MediumRequest): Promise<void> {
  await build(request, 11, async (tree, image) => {
    await buildFat(request, image, tree, ['-C', '-f', '1440']);
    await passBootOn(image);
  });
}

const mebibyte = 1 << 20;
/** Small enough to make at once, large enough for FAT16. */
const smallestUsb = 32 * mebibyte;

/** A USB disk without partitions: FAT16, as large as its files need. */
export async function buildUsb(request: MediumRequest): Promise<void> {
  const content = request.files.reduce((sum, file) => sum + Buffer.byteLength(file.content), 0);
  const size = Math.max(smallestUsb, Math.ceil((content * 1.25) / mebibyte) * mebibyte);
  await build(request, 11, async (tree, image) => {
    await buildFat(request, image, tree, ['-C', '-T', String(size / 512), '-M', '512']);
  });
}
