/** Builds what a mirror of ordinary packages lacks for the real installer of Debian 13. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { aptMirror } from '../lib/apt-sources.ts';
import { type Archive, openArchive } from '../lib/archive.ts';
import { byPackage } from '../lib/control.ts';
import { rigDirectory, sha256All } from '../lib/files.ts';
import { prepareOnce } from '../lib/prepared.ts';
import type { RigOptions, RigPaths } from '../lib/serve.ts';
import type { Build } from './build.ts';
import { makeImages } from './images.ts';
import { makeInstallerTree } from './installer-tree.ts';
import { makeKernelUdebs } from './kernel-udebs.ts';
import { makeRebuiltUdebs } from './rebuilt-udebs.ts';
import { knownUdebIndexes, suite } from './tables.ts';
import { makeUdebIndex } from './udeb-index.ts';

const lib = path.join(import.meta.dirname, '../lib');

/** Where the files of the Debian rig are. */
export function debianRigPaths(options: RigOptions): RigPaths {
  const work = options.work ?? rigDirectory();
  return {
    mirror: (options.mirror ?? aptMirror()).replace(/\/+$/, ''),
    cache: path.join(work, 'cache'),
    local: path.join(work, 'debian'),
  };
}

/** The signed archive behind a rig, through the cache that all rigs share. */
export function openRigArchive(options: RigOptions): Promise<Archive> {
  const { mirror, cache } = debianRigPaths(options);
  return openArchive({ mirror, suite, cache: path.join(cache, 'debian'), signal: options.signal });
}

/** How a rig is started and served changes nothing in what it serves. */
const serving = new Set(['rig.ts', 'rig-command.ts', 'serve.ts', 'overlay-server.ts']);

/** The sources of what a rig makes, in these directories: a change in them builds it again. */
export function rigSources(...dirs: string[]): string[] {
  return dirs.flatMap((dir) =>
    readdirSync(dir)
      .filter((name) => !serving.has(name))
      .sort()
      .map((name) => path.join(dir, name)),
  );
}

async function buildAll(build: Build): Promise<void> {
  const file = 'main/debian-installer/binary-amd64/Packages.xz';
  const text = await build.archive.index(file, knownUdebIndexes);
  for (const [name, stanza] of byPackage(text)) build.udebs.set(name, stanza);
  const tree = await makeInstallerTree(build);
  const kernel = await makeKernelUdebs(build, tree);
  await makeRebuiltUdebs(build, tree);
  await makeUdebIndex(build);
  await makeImages(build, tree, kernel);
}

/** Downloads and builds; a second call with nothing changed only asks for a new InRelease. */
export async function prepareDebianRig(options: RigOptions = {}): Promise<RigPaths> {
  const begin = Date.now();
  const say = (text: string) =>
    options.log?.(`${((Date.now() - begin) / 1000).toFixed(1).padStart(6)}s  ${text}`);
  const paths = debianRigPaths(options);
  const archive = await openRigArchive(options);
  say(`Debian ${archive.version} of ${paths.mirror}: signature good`);
  const made = await prepareOnce({
    target: paths.local,
    key: `${archive.releaseDigest} ${await sha256All(rigSources(import.meta.dirname, lib))}`,
    build: (out, scratch) =>
      buildAll({ archive, out, scratch, udebs: new Map(), say, signal: options.signal }),
  });
  say(made ? 'prepared' : 'nothing to do');
  return paths;
}
