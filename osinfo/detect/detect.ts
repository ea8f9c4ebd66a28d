/** What an ISO or an install tree is, and how osinfo-detect words it. */
import { OzError } from '../../src/base/errors.ts';
import { limits } from '../../src/base/limits.ts';
import { connectionWhy } from '../../src/base/network-failures.ts';
import { gather, readBounded, tooLarge } from '../../src/base/read-bounded.ts';
import { shownUrl } from '../../src/base/secrets.ts';
import { withoutTrailing } from '../../src/base/text-ends.ts';
import type { Database } from '../database/database.ts';
import { param } from '../database/entity.ts';
import { variantsOf } from '../database/os-record.ts';
import type { DetectedOs } from '../types.ts';
import { type ByteReader, type IsoIdentity, identifyIso } from './iso.ts';
import { type Match, matchMedia, matchTrees } from './match.ts';
import { parseTreeinfo, type TreeIdentity } from './treeinfo.ts';

export interface DetectedMedia {
  iso: IsoIdentity;
  /** The best first. */
  matches: Match[];
}

/** Reads 4 KiB of the medium, seldom more. */
export async function detectMedia(database: Database, reader: ByteReader): Promise<DetectedMedia> {
  const iso = await identifyIso(reader);
  return { iso, matches: matchMedia(database, iso) };
}

export interface DetectedTree {
  tree: TreeIdentity;
  matches: Match[];
}

/** `bytes` is undefined for what is larger than a .treeinfo may be. */
function textOf(bytes: Buffer | undefined, location: string): string {
  if (bytes) return bytes.toString('utf8');
  const why = tooLarge(limits.settings).message;
  throw new OzError('OZ_OSINFO_NO_TREE', `Cannot read ${shownUrl(location)}: ${why}`, {
    hint: 'check the URL: a web page that never ends in place of a tree is a common cause',
  });
}

async function readText(location: string, signal?: AbortSignal): Promise<string | undefined> {
  if (!/^https?:\/\//i.test(location)) {
    const file = location.replace(/^file:\/\//, '');
    const bytes = await readBounded(file, limits.settings).catch(() => null);
    return bytes === null ? undefined : textOf(bytes, file);
  }
  try {
    const { get } = await import('./http.ts');
    const { status, body, close } = await get(location, {}, signal);
    try {
      return status === 200 ? textOf(await gather(body, limits.settings), location) : undefined;
    } finally {
      close();
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof OzError) throw error;
    const place = shownUrl(location);
    throw new OzError('OZ_OSINFO_NO_TREE', `Cannot read ${place}: ${connectionWhy(error)}`, {
      hint: 'check the URL',
      cause: error,
    });
  }
}

/** A directory or URL with a .treeinfo or treeinfo; throws OzError OZ_OSINFO_NO_TREE. */
export async function detectTree(
  database: Database,
  location: string,
  signal?: AbortSignal,
): Promise<DetectedTree> {
  const base = withoutTrailing(location, '/');
  for (const name of ['.treeinfo', 'treeinfo']) {
    const text = await readText(`${base}/${name}`, signal);
    const tree = text === undefined ? undefined : parseTreeinfo(text);
    if (tree) return { tree, matches: matchTrees(database, tree) };
  }
  throw new OzError(
    'OZ_OSINFO_NO_TREE',
    `Cannot tell what is in ${shownUrl(base)}: it has no .treeinfo`,
    { hint: 'Debian and Ubuntu trees have none: name the system and its version instead' },
  );
}

/** Names of the variants that a medium or tree has, in the system's order. */
function variantNames(database: Database, { os, source }: Match): string[] {
  const ids = source.params.get('variant') ?? [];
  return variantsOf(os, database.languages)
    .filter((variant) => ids.includes(variant.id))
    .map((variant) => param(variant.params, 'name') ?? variant.id);
}

/** Lines as osinfo-detect prints them for one match. */
export function describeMatch(database: Database, match: Match, kind: 'media' | 'tree'): string[] {
  const { params } = match.source;
  const variants = variantNames(database, match);
  const own = param(match.os.params, 'name') ?? match.os.id;
  const name = variants.length === 1 ? variants[0] : own;
  const arch = param(params, 'architecture');
  const lines: string[] = [];
  if (kind === 'tree') lines.push(`Tree is an installer for OS '${name} (${arch})'`);
  else {
    if ((param(params, 'installer') ?? 'true') === 'true') {
      lines.push(`Media is an installer for OS '${name} (${arch})'`);
    }
    if (param(params, 'live') === 'true') {
      lines.push(`Media is live media for OS '${name} (${arch})'`);
    }
  }
  if (variants.length > 1) lines.push(`Available OS variants on ${kind}:`, ...variants);
  return lines;
}

export function detectedOs(database: Database, match: Match): DetectedOs {
  const { os, source } = match;
  const text = (name: string): string => param(os.params, name) ?? '';
  const [kernel, initrd] = [param(source.params, 'kernel'), param(source.params, 'initrd')];
  return {
    id: os.id,
    shortId: text('short-id'),
    name: text('name'),
    version: text('version'),
    distro: text('distro'),
    arch: param(source.params, 'architecture') ?? '',
    variants: variantNames(database, match),
    live: param(source.params, 'live') === 'true',
    installer: (param(source.params, 'installer') ?? 'true') === 'true',
    ...(kernel === undefined ? {} : { kernel }),
    ...(initrd === undefined ? {} : { initrd }),
  };
}
