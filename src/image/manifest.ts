/** The record beside a finished image: what went in, what made it, what came out. */
import { stat } from 'node:fs/promises';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { codeOf } from '../base/errors.ts';
import { packageVersion } from '../base/package-root.ts';
import { runTool } from '../base/run-tool.ts';
import { type DigestType, fileDigest } from '../media/digest.ts';
import type { ProgressListener } from '../media/progress.ts';
import { shownUrl } from '../media/url.ts';
import { imageFormat } from './formats.ts';
import { imageInfo } from './info.ts';
import { readQcow2Header } from './qcow2-header.ts';

export interface PublishedRecord {
  id: string;
  name: string;
  /** Cloud and project. */
  at: string;
  /** Bytes. */
  size: number;
  digest?: { algorithm: string; value: string } | undefined;
}

/** What the installer's guest was really given. */
export interface UsedMedium {
  role: string;
  url: string;
  bytes?: number | undefined;
  sha256?: string | undefined;
  /** By further types that were worked out; not in the manifest. */
  digests?: Partial<Record<DigestType, string>> | undefined;
}

export interface ManifestInput {
  name: string;
  os: Readonly<Record<string, unknown>>;
  /** `source` is the TDL's path. */
  tdl: { source: string } & Readonly<Record<string, unknown>>;
  /** Absent when the image is in a catalogue only. */
  image?: { path: string; format: string } | undefined;
  /** The entry in a cloud's catalogue. */
  published?: PublishedRecord | undefined;
  media: readonly UsedMedium[];
  /** The finished installation that the build started from, in the place of the installer. */
  jeos?: { path: string } | undefined;
  delivery: string;
  answer: { filename: string; origin: string };
  domainXml?: string | undefined;
  icicle?: string | undefined;
  /** When the build began. */
  startedAt?: Date | undefined;
}

export interface ManifestOptions {
  signal?: AbortSignal | undefined;
  /** Bytes of the image digested so far. */
  onProgress?: ProgressListener | undefined;
  /** Told what could not be found out. */
  log?: ((text: string) => void) | undefined;
}

/** How each tool is asked for its version. */
const versionArgs: Record<string, readonly string[]> = {
  'qemu-img': ['--version'],
  xorriso: ['-version'],
};

async function toolVersions(signal?: AbortSignal): Promise<Record<string, string>> {
  const found = await Promise.all(
    Object.entries(versionArgs).map(async ([tool, args]) => {
      const result = await runTool(tool, args, { signal }).catch(() => null);
      signal?.throwIfAborted();
      const text = result && `${result.stdout.toString('utf8')}\n${result.stderr}`;
      const version = text && /\d+(?:\.\d+)+/.exec(text)?.[0];
      return version ? [[tool, version] as const] : [];
    }),
  );
  return {
    ozma: packageVersion(),
    node: process.versions.node,
    ...Object.fromEntries(found.flat()),
  };
}

/** Size and digest of a file, or undefined when it isn't there (any more). */
async function describeFile(file: string, signal?: AbortSignal) {
  const found = await stat(file).catch(() => null);
  if (!found?.isFile()) return undefined;
  return { bytes: found.size, sha256: await fileDigest(file, 'sha256', { signal }) };
}

/** Sizes as qemu-img tells them; where it is not installed, what the file itself tells. */
async function imageSizes(file: string, format: string, { signal, log }: ManifestOptions) {
  const { driver } = imageFormat(format);
  try {
    const info = await imageInfo(file, { format: driver, signal });
    return { virtualSize: info.virtualSize, bytesOnDisk: info.actualSize };
  } catch (error) {
    if (codeOf(error) !== 'OZ_TOOL_MISSING') throw error;
    log?.(`qemu-img is not installed: ${file} is recorded without its checks`);
    const { size, blocks } = await stat(file);
    const virtualSize = driver === 'raw' ? size : (await readQcow2Header(file))?.virtualSize;
    return { virtualSize, bytesOnDisk: blocks * 512 };
  }
}

async function describeImage(image: ManifestInput['image'], options: ManifestOptions) {
  if (!image) return undefined;
  return {
    path: image.path,
    format: image.format,
    ...(await imageSizes(image.path, image.format, options)),
    bytes: (await stat(image.path)).size,
    sha256: await fileDigest(image.path, 'sha256', options),
  };
}

async function describeIcicle(file: string | undefined, signal?: AbortSignal) {
  return file === undefined ? undefined : { path: file, ...(await describeFile(file, signal)) };
}

/**
 * Writes the manifest as JSON. Sizes are bytes, times ISO 8601. It holds no
 * secret: URLs come without credentials and query, the TDL and the answer file
 * by name and digest only.
 */
export async function writeManifest(
  target: string,
  input: ManifestInput,
  options: ManifestOptions = {},
): Promise<void> {
  const { signal } = options;
  const manifest = {
    schema: 1,
    name: input.name,
    startedAt: input.startedAt?.toISOString(),
    finishedAt: new Date().toISOString(),
    os: input.os,
    tdl: { ...input.tdl, ...(await describeFile(input.tdl.source, signal)) },
    media: input.media.map(({ role, url, bytes, sha256 }) => ({
      ...{ role, url: shownUrl(url), bytes, sha256 },
    })),
    jeos: input.jeos,
    delivery: input.delivery,
    answer: input.answer,
    image: await describeImage(input.image, options),
    published: input.published,
    domainXml: input.domainXml,
    icicle: await describeIcicle(input.icicle, signal),
    tools: await toolVersions(signal),
  };
  await writeFileAtomic(target, `${JSON.stringify(manifest, null, 2)}\n`);
}
