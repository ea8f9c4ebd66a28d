/** Fits files that are to be added to an ISO to the names that are there. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { OzError } from '../base/errors.ts';
import { isoInfo, pathsOnIso } from './iso.ts';
import { isoNames } from './iso-names.ts';

/** A local file or directory, and its path on the ISO; a directory's content is merged. */
export interface Addition {
  from: string;
  to: string;
}

export interface Additions {
  /** Absolute paths on the ISO. */
  add: Addition[];
  /** Paths that xorriso has read in a way that it would write otherwise. */
  rename: Addition[];
  /** More of xorriso's rules for names. */
  rules: string[];
}

/** The paths of a disc without Rock Ridge, where case tells no names apart. */
class FoldedPaths {
  readonly #exact: ReadonlySet<string>;
  readonly #folded: ReadonlyMap<string, string>;

  constructor(paths: readonly string[]) {
    this.#exact = new Set(paths);
    this.#folded = new Map(paths.map((one) => [one.toLowerCase(), one]));
  }

  has(absolute: string): boolean {
    return this.#exact.has(absolute);
  }

  /** The path with what is there of it as it is written there. */
  resolve(absolute: string): string {
    return absolute
      .split('/')
      .slice(1)
      .reduce((parent, name) => {
        const wanted = `${parent}/${name}`;
        return this.#exact.has(wanted)
          ? wanted
          : (this.#folded.get(wanted.toLowerCase()) ?? wanted);
      }, '');
  }
}

/** Directories that are there are gone into, since xorriso merges by exact names only. */
async function fitted({ from, to }: Addition, paths: FoldedPaths): Promise<Addition[]> {
  const target = to === '/' ? to : paths.resolve(to);
  const merges = target === '/' || paths.has(target);
  const isDirectory = merges && (await stat(from).catch(() => undefined))?.isDirectory();
  if (!isDirectory) return [{ from, to: target }];
  const all: Addition[] = [];
  for (const name of await readdir(from)) {
    const inner = { from: path.join(from, name), to: path.posix.join(target, name) };
    all.push(...(await fitted(inner, paths)));
  }
  return all;
}

/** `WIN51.` is the name WIN51 without a version; the dot is no part of it. */
const withoutDot = (name: string) => name.replace(/\.$/, '');

/**
 * What xorriso is to be told. Throws OZ_REMASTER for an ISO with UDF (Windows since Vista):
 * what is added would not be seen there, and UDF would be lost.
 */
export async function fitAdditions(
  iso: string,
  add: readonly Addition[],
  signal: AbortSignal | undefined,
): Promise<Additions> {
  const wanted = add.map(({ from, to }) => ({ from, to: path.posix.resolve('/', to) }));
  await isoInfo(iso);
  const { rockRidge, joliet, udf, versions } = await isoNames(iso);
  if (udf) {
    throw new OzError(
      'OZ_REMASTER',
      `Cannot add files to the ISO ${iso}: it has a UDF file system, in which they would not be seen`,
      { hint: 'make such an ISO with a tool that writes UDF, and name it in the TDL' },
    );
  }
  if (rockRidge) return { add: wanted, rename: [], rules: [] };
  const there = await pathsOnIso(iso, { signal });
  const dotted = versions || joliet ? [] : there.filter((one) => one.endsWith('.'));
  const paths = new FoldedPaths(there.map(withoutDot));
  return {
    add: (await Promise.all(wanted.map((one) => fitted(one, paths)))).flat(),
    rename: dotted.map((from) => ({ from, to: withoutDot(from) })),
    rules: ['7bit_ascii', ...(versions ? [] : ['omit_version'])],
  };
}
