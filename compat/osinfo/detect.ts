/**
 * Every medium and tree of the installed database: an ISO made with xorriso
 * that its patterns fit, or a .treeinfo, beside what osinfo-detect says of it.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Database } from '../../osinfo/database/database.ts';
import { type Params, param } from '../../osinfo/database/entity.ts';
import { mediaOf, type SourceRecord, treesOf } from '../../osinfo/database/os-record.ts';
import { describeMatch, detectMedia, detectTree } from '../../osinfo/detect/detect.ts';
import type { Match } from '../../osinfo/detect/match.ts';
import { readerFor } from '../../osinfo/detect/readers.ts';
import { runTool } from '../../src/base/run-tool.ts';
import type { Choice } from './own/answers.ts';
import { sampleOf } from './sample.ts';
import { each, firstDifference, newTally, record, type Tally } from './tally.ts';

const environment = { LC_ALL: 'C.UTF-8', LANGUAGE: '' };

async function reference(args: string[]): Promise<string> {
  const { stdout } = await runTool('osinfo-detect', args, {
    env: environment,
    okCodes: [0, 1, 253, 255],
  });
  return stdout.toString('utf8');
}

/** What fits the patterns, by property; undefined when a pattern has no sample. */
function samples(params: Params, names: readonly string[]): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  for (const name of names) {
    const pattern = param(params, name);
    if (pattern === undefined) continue;
    const text = sampleOf(pattern);
    if (text === undefined) return undefined;
    found[name] = text;
  }
  return found;
}

const isoNames = ['volume-id', 'system-id', 'publisher-id', 'application-id'];

/** A bootable ISO of xorriso's, whose descriptor the values are written into. */
async function baseIso(directory: string): Promise<Buffer> {
  const [content, file] = [path.join(directory, 'content'), path.join(directory, 'base.iso')];
  await mkdir(content);
  await writeFile(path.join(content, 'b'), Buffer.alloc(2048));
  const boot = ['-b', 'b', '-c', 'c', '-no-emul-boot'];
  await runTool('xorriso', ['-as', 'mkisofs', '-quiet', '-o', file, ...boot, content]);
  return readFile(file);
}

/** xorriso itself would put publishers and systems into capitals. */
function withIds(base: Buffer, values: Record<string, string>, size: number): Buffer {
  const iso = Buffer.from(base);
  const fields: Record<string, [offset: number, length: number]> = {
    'volume-id': [40, 32],
    'system-id': [8, 32],
    'publisher-id': [318, 128],
    'application-id': [574, 128],
  };
  for (const [name, [offset, length]] of Object.entries(fields)) {
    const text = values[name] ?? (name === 'volume-id' ? 'X' : '');
    iso.fill(' ', 0x8000 + offset, 0x8000 + offset + length);
    iso.write(text, 0x8000 + offset, length, 'utf8');
  }
  if (size > 0) {
    iso.writeUInt32LE(size / 2048, 0x8000 + 80);
    iso.writeUInt32BE(size / 2048, 0x8000 + 84);
  }
  return iso;
}

/** Lines without the numbers, as a set: the reference's order is that of a hash table. */
function asSet(text: string): string {
  const lines = text.split('\n').map((line) => line.replace(/^#\d+: /, ''));
  return lines
    .filter((line) => line && !line.startsWith('Media is bootable'))
    .sort()
    .join('\n');
}

function compare(
  database: Database,
  kind: 'media' | 'tree',
  what: string,
  matches: readonly Match[],
  theirs: string,
  tally: Tally,
): void {
  const described = matches.map((match) => describeMatch(database, match, kind));
  const [ours, set] = [asSet(described.flat().join('\n')), asSet(theirs)];
  record(tally, ours === set, `${what}, all`, firstDifference(ours, set));
  // without --all it prints the first of the same list
  const lines = theirs.split('\n').filter((line) => line.startsWith('#1: '));
  const [first, other] = [asSet((described[0] ?? []).join('\n')), asSet(lines.join('\n'))];
  const among = described.some((own) => asSet(own.join('\n')) === other);
  if (first !== other && among) {
    const reason = `${matches.length} match; it takes the first of a hash table (${other.split('\n')[0]}), ours is the most particular (${first.split('\n')[0]})`;
    tally.reference.push({ what: `${what}, first`, reason });
  } else record(tally, first === other, `${what}, first`, firstDifference(first, other));
}

/** Sources that the same medium or tree stands for, by its values. */
function grouped(sources: readonly SourceRecord[], names: readonly string[], tally: Tally) {
  const groups = new Map<string, { ids: string[]; values: Record<string, string>; size: number }>();
  for (const { id, params } of sources) {
    const values = samples(params, names);
    if (!values) {
      record(tally, false, id, 'its patterns gave no sample');
      continue;
    }
    const size = Number.parseInt(param(params, 'volume-size') ?? '0', 10);
    const key = JSON.stringify([values, size]);
    const group = groups.get(key) ?? { ids: [], values, size };
    group.ids.push(id);
    groups.set(key, group);
  }
  return [...groups.values()];
}

type Group = ReturnType<typeof grouped>[number];

/** What was made for an entry must be found to be it, or something as good of its system. */
function checkOwn(ids: readonly string[], matches: readonly Match[], tally: Tally): void {
  for (const id of ids) {
    const os = id.replace(/:\d+$/, '');
    const found = matches.some((match) => match.os.id === os);
    record(tally, found, id, 'what was made for it is not found to be of its system');
  }
}

async function compareMedium(
  database: Database,
  { ids, values, size }: Group,
  base: Buffer,
  file: string,
  tally: Tally,
): Promise<void> {
  await writeFile(file, withIds(base, values, size));
  try {
    const { matches } = await detectMedia(database, readerFor(file));
    compare(database, 'media', ids.join(' '), matches, await reference(['-a', file]), tally);
    checkOwn(ids, matches, tally);
  } finally {
    await rm(file, { force: true });
  }
}

const treeNames = ['treeinfo-family', 'treeinfo-variant', 'treeinfo-version', 'treeinfo-arch'];

async function compareTree(
  database: Database,
  { ids, values }: Group,
  place: string,
  tally: Tally,
): Promise<void> {
  await mkdir(place);
  const lines = Object.entries(values).map(
    ([name, v]) => `${name.slice('treeinfo-'.length)} = ${v}`,
  );
  await writeFile(path.join(place, '.treeinfo'), `[general]\n${lines.join('\n')}\n`);
  const { matches } = await detectTree(database, place);
  const theirs = await reference(['-t', 'tree', '-a', `file://${place}`]);
  compare(database, 'tree', ids.join(' '), matches, theirs, tally);
}

/** `every` takes one in so many, `only` systems with this in their id: for a quick look. */
export async function compareDetection(
  database: Database,
  { every, only }: Choice,
): Promise<Tally[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ozma-detect-'));
  const numbered = (groups: Group[]): [number, Group][] =>
    [...groups.entries()].filter(([i]) => i % every === 0);
  try {
    const base = await baseIso(directory);
    const oses = database.oses().filter(({ id }) => id.includes(only));
    const media = oses
      .flatMap((os) => mediaOf(os, []))
      .filter(({ params }) => [...isoNames, 'volume-size'].some((name) => params.has(name)));
    const trees = oses
      .flatMap((os) => treesOf(os, []))
      .filter(({ params }) => param(params, 'has-treeinfo') === 'true');
    const mediaTally = newTally('osinfo-detect, media');
    const treeTally = newTally('osinfo-detect, trees');
    const isos = numbered(grouped(media, isoNames, mediaTally));
    const infos = numbered(grouped(trees, treeNames, treeTally));
    console.log(
      `${media.length} media by ${isos.length} ISOs, ${trees.length} trees by ${infos.length} files`,
    );
    await each(isos, ([i, group]) =>
      compareMedium(database, group, base, path.join(directory, `${i}.iso`), mediaTally),
    );
    await each(infos, ([i, group]) =>
      compareTree(database, group, path.join(directory, `tree${i}`), treeTally),
    );
    return [mediaTally, treeTally];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
