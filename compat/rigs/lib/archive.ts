/**
 * A Debian archive seen through a cache: every file is checked, by way of the
 * indexes, against the signed InRelease.
 */
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OzError } from '../../../src/base/errors.ts';
import { runTool } from '../../../src/base/run-tool.ts';
import { byPackage, field } from './control.ts';
import { sha256 } from './files.ts';

export interface ArchiveOptions {
  /** URL of the archive, such as http://mirror/debian. */
  mirror: string;
  /** Code name, such as trixie. */
  suite: string;
  /** Directory that mirrors the archive's paths. */
  cache: string;
  signal?: AbortSignal | undefined;
}

export interface Archive {
  options: ArchiveOptions;
  /** Text of the Release file, its signature checked. */
  release: string;
  /** SHA-256 of the InRelease file. */
  releaseDigest: string;
  /** Point release, such as 13.1. */
  version: string;
  /** Seconds since 1970. */
  date: number;
  /** Stanzas of the ordinary packages (main, amd64). */
  packages: Map<string, string>;
  /** Downloads a file, or takes it from the cache; the path is relative to the archive. */
  fetch(file: string, digest?: string): Promise<string>;
  /** Whether the mirror has a file. */
  exists(file: string): Promise<boolean>;
  /**
   * Text of an index that the Release file names, relative to dists/<suite>. Mirrors may renew
   * the Release file before it: `earlier` has the SHA-256 of indexes that will do as well.
   */
  index(file: string, earlier?: readonly string[]): Promise<string>;
  /** Path of a package's .deb in the cache. */
  deb(name: string): Promise<string>;
  /** Unpacks a package's files into a directory. */
  unpack(name: string, into: string): Promise<void>;
}

const keyrings = ['gpg', 'pgp'].map((x) => `/usr/share/keyrings/debian-archive-keyring.${x}`);

async function download(url: string, to: string, signal?: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal: signal ?? null });
  if (!response.ok || !response.body) {
    throw new OzError('OZ_RIG_DOWNLOAD', `Cannot fetch ${url}: HTTP ${response.status}`);
  }
  await mkdir(path.dirname(to), { recursive: true });
  const part = `${to}.part-${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    await pipeline(Readable.fromWeb(response.body), createWriteStream(part));
    await rename(part, to);
  } finally {
    await rm(part, { force: true });
  }
}

/** Renews the cached InRelease; when it has changed the indexes beside it are dropped. */
async function freshInRelease({ mirror, suite, cache, signal }: ArchiveOptions): Promise<string> {
  const file = path.join(cache, 'dists', suite, 'InRelease');
  const fresh = path.join(cache, `InRelease-${suite}.new`);
  try {
    await download(`${mirror}/dists/${suite}/InRelease`, fresh, signal);
  } catch (error) {
    // Offline, what is there will do.
    if (existsSync(file) && !signal?.aborted) return file;
    throw error;
  }
  if (existsSync(file) && (await sha256(file)) === (await sha256(fresh))) {
    await rm(fresh);
    return file;
  }
  await rm(path.dirname(file), { recursive: true, force: true });
  await mkdir(path.dirname(file), { recursive: true });
  await rename(fresh, file);
  return file;
}

async function verified(inRelease: string, signal?: AbortSignal): Promise<string> {
  const keyring = keyrings.find(existsSync);
  if (!keyring) {
    throw new OzError('OZ_RIG_KEYRING', "Cannot check the archive: Debian's keys are missing", {
      hint: 'apt-get install debian-archive-keyring',
    });
  }
  try {
    const args = ['--keyring', keyring, '--output', '-', inRelease];
    return (await runTool('gpgv', args, { signal })).stdout.toString('utf8');
  } catch (cause) {
    signal?.throwIfAborted();
    throw new OzError('OZ_RIG_SIGNATURE', `Cannot trust ${inRelease}: its signature is not good`, {
      hint: 'update debian-archive-keyring; if that does not help, the mirror is at fault',
      cause,
    });
  }
}

/** Opens the archive: reads and checks InRelease and the index of packages. */
export async function openArchive(options: ArchiveOptions): Promise<Archive> {
  const { mirror, suite, cache, signal } = options;
  const inRelease = await freshInRelease(options);
  const release = await verified(inRelease, signal);

  async function fetchFile(file: string, ...digests: string[]): Promise<string> {
    const target = path.join(cache, file);
    // encodeURI leaves `+` and `~` alone, as mirrors have them.
    if (!existsSync(target)) await download(`${mirror}/${encodeURI(file)}`, target, signal);
    if (digests.length > 0 && !digests.includes(await sha256(target))) {
      await rm(target);
      throw new OzError('OZ_RIG_HASH', `Cannot use ${file}: its checksum is not the archive's`, {
        hint: 'run it again: the file has been dropped from the cache',
      });
    }
    return target;
  }

  async function index(file: string, earlier: readonly string[] = []): Promise<string> {
    const name = file.replaceAll('.', '\\.');
    const digest = new RegExp(`^ ([0-9a-f]{64}) +\\d+ ${name}$`, 'm').exec(release)?.[1];
    if (!digest)
      throw new OzError('OZ_RIG_INDEX', `Cannot find ${file} in ${suite}'s Release file`);
    const local = await fetchFile(`dists/${suite}/${file}`, digest, ...earlier);
    return (await runTool('xz', ['-dc', local], { signal, most: Infinity })).stdout.toString(
      'utf8',
    );
  }

  const packages = byPackage(await index('main/binary-amd64/Packages.xz'));

  async function deb(name: string): Promise<string> {
    const stanza = packages.get(name);
    if (!stanza) throw new OzError('OZ_RIG_PACKAGE', `Cannot find package ${name} in ${suite}`);
    return fetchFile(field(stanza, 'Filename'), field(stanza, 'SHA256'));
  }

  return {
    options,
    release,
    releaseDigest: await sha256(inRelease),
    version: field(release, 'Version'),
    date: Date.parse(field(release, 'Date')) / 1000,
    packages,
    fetch: fetchFile,
    async exists(file) {
      const url = `${mirror}/${encodeURI(file)}`;
      return (await fetch(url, { method: 'HEAD', signal: signal ?? null })).ok;
    },
    index,
    deb,
    async unpack(name, into) {
      const file = await deb(name);
      await mkdir(into, { recursive: true });
      await runTool('dpkg-deb', ['-x', file, into], { signal });
    },
  };
}
