/** Reads ISO 9660 images as they are, by xorriso: nothing is mounted, nothing rewritten. */
import { lstatSync } from 'node:fs';
import { lstat, mkdtemp, open, readlink, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, messageOf, OzError } from '../base/errors.ts';
import { letAllRead } from '../base/let-all-read.ts';
import { runLimited } from '../base/limited-tool.ts';
import { inWords, limits } from '../base/limits.ts';
import { removeTree } from '../base/remove-tree.ts';
import { whyOf } from '../base/system-errors.ts';
import { humanSize } from './human-size.ts';

/** What the primary volume descriptor says (ECMA-119, 8.4). */
export interface IsoInfo {
  volumeId: string;
  systemId: string;
  publisherId: string;
  preparerId: string;
  applicationId: string;
  /** Bytes of the volume; the file may be longer. */
  size: number;
}

export interface IsoOptions {
  signal?: AbortSignal | undefined;
  /** Bytes that are taken of a file on the ISO; `limits.bootFile` unless told. */
  most?: number | undefined;
}

const sector = 2048;
const firstDescriptor = 16;
const lastDescriptor = 31;

function cannotRead(iso: string, why: string, hint: string, cause?: unknown): OzError {
  return new OzError('OZ_ISO', `Cannot read the ISO ${iso}: ${why}`, { hint, cause });
}

const notAnIso = 'check the URL in the TDL; a web page in place of the ISO is a common cause';

async function readDescriptor(iso: string): Promise<{ descriptor: Buffer; fileSize: number }> {
  const handle = await open(iso, 'r').catch((error: unknown) => {
    throw cannotRead(iso, whyOf(error), 'check its path and permissions', error);
  });
  try {
    const { size } = await handle.stat();
    const descriptor = Buffer.alloc(sector);
    for (let at = firstDescriptor; at <= lastDescriptor; at++) {
      const { bytesRead } = await handle.read(descriptor, 0, sector, at * sector);
      if (bytesRead < sector || descriptor.toString('latin1', 1, 6) !== 'CD001') break;
      if (descriptor[0] === 1) return { descriptor, fileSize: size };
    }
    throw cannotRead(iso, 'it is not an ISO 9660 image', notAnIso);
  } finally {
    await handle.close();
  }
}

/**
 * The identifiers and the size of an ISO. Throws OzError OZ_ISO for what is no
 * ISO, and for one whose file is shorter than its volume.
 */
export async function isoInfo(iso: string): Promise<IsoInfo> {
  const { descriptor, fileSize } = await readDescriptor(iso);
  const text = (from: number, to: number) =>
    descriptor.toString('latin1', from, to).replace(/[\0 ]+$/, '');
  const size = descriptor.readUInt32LE(80) * descriptor.readUInt16LE(128);
  if (size > fileSize) {
    throw cannotRead(
      iso,
      `it is truncated: ${humanSize(fileSize)} of ${humanSize(size)}`,
      'download it again (oz-install -f), or from another mirror',
    );
  }
  return {
    volumeId: text(40, 72),
    systemId: text(8, 40),
    publisherId: text(318, 446),
    preparerId: text(446, 574),
    applicationId: text(574, 702),
    size,
  };
}

function xorriso(iso: string, commands: readonly string[], { signal, most }: IsoOptions) {
  const device = `stdio:${path.resolve(iso)}`;
  const args = ['-no_rc', '-osirrox', 'on', '-indev', device, ...commands];
  const file = most ?? limits.bootFile;
  return runLimited('xorriso', args, { file }, { signal, most: limits.isoListing });
}

/** What xorriso itself calls the failure, out of all that it says. */
function failureOf(error: unknown): string {
  const text = messageOf(error);
  return /(?:FAILURE|FATAL) : (.*)/.exec(text)?.[1] ?? text;
}

/** xorriso prints each path as a shell word. */
function parsePaths(output: string): string[] {
  return [...output.matchAll(/(?:'[^']*'|"[^"]*")+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, a?: string, b?: string) => a ?? b ?? ''),
  );
}

/** All that is on the ISO, by absolute path. */
export async function pathsOnIso(iso: string, options: IsoOptions = {}): Promise<string[]> {
  await isoInfo(iso); // words what xorriso would tell in riddles
  try {
    const { stdout } = await xorriso(iso, ['-find', '/'], options);
    return parsePaths(stdout.toString('utf8'));
  } catch (error) {
    options.signal?.throwIfAborted();
    if (codeOf(error) === 'OZ_TOOL_MISSING') throw error;
    throw cannotRead(iso, failureOf(error), 'the ISO may be damaged; download it again', error);
  }
}

const inIso = (name: string) => path.posix.resolve('/', name);

export interface IsoExtraction {
  /** Paths in the ISO; the first that exists is taken. Case counts only where it must. */
  from: readonly string[];
  to: string;
}

/** The path as the ISO has it: as asked, or in another case (plain ISO 9660 is all capitals). */
function pick(all: ReadonlySet<string>, folded: ReadonlyMap<string, string>, wanted: string) {
  return all.has(wanted) ? wanted : folded.get(wanted.toLowerCase());
}

const mostLinks = 8;

/** Extracts one file into `dir`, following links within the ISO only. */
async function extractFile(
  iso: string,
  source: string,
  dir: string,
  options: IsoOptions,
): Promise<string> {
  const { most = limits.bootFile } = options;
  let from = source;
  for (let links = 0; links <= mostLinks; links++) {
    const file = path.join(dir, `extracted-${links}`);
    await rm(file, { force: true });
    await xorriso(iso, ['-extract', from, file], options).catch((error: unknown) => {
      options.signal?.throwIfAborted();
      if (codeOf(error) === 'OZ_TOOL_MISSING') throw error;
      const { size = 0 } = lstatSync(file, { throwIfNoEntry: false }) ?? {};
      const why = size < most ? `: ${failureOf(error)}` : ` is larger than ${inWords(most)}`;
      throw cannotRead(iso, `${from}${why}`, 'the ISO may be damaged', error);
    });
    const stat = await lstat(file);
    if (stat.isFile()) return file;
    if (!stat.isSymbolicLink()) throw cannotRead(iso, `${from} is not a file`, notAnIso);
    from = path.posix.resolve(path.posix.dirname(from), await readlink(file));
  }
  throw cannotRead(iso, `${source} is a link that leads nowhere`, notAnIso);
}

/**
 * Copies files out of an ISO; each appears complete, with mode 0644. Throws
 * OzError OZ_ISO_NO_FILE when none of a file's paths exists, OZ_ISO otherwise.
 */
export async function extractFromIso(
  iso: string,
  files: readonly IsoExtraction[],
  options: IsoOptions = {},
): Promise<void> {
  if (files.length === 0) return;
  const found = await pathsOnIso(iso, options);
  const all = new Set(found);
  const folded = new Map(found.map((name) => [name.toLowerCase(), name]));
  for (const { from, to } of files) {
    const source = from.map((name) => pick(all, folded, inIso(name))).find((name) => name);
    if (!source) {
      throw new OzError('OZ_ISO_NO_FILE', `Cannot find ${from.join(' or ')} in the ISO ${iso}`, {
        hint: 'the ISO is of another system, version or architecture than the TDL says',
      });
    }
    const dir = await mkdtemp(path.join(path.dirname(path.resolve(to)), '.ozma-iso-'));
    try {
      const file = await extractFile(iso, source, dir, options);
      await letAllRead(file);
      await rename(file, to);
    } finally {
      await removeTree(dir);
    }
  }
}
