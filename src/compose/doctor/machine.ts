/** What a build needs of the machine itself, whatever the backend: directories, room, memory. */
import { stat, statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { asRoot, type Finding, fine, problem, problemOf, warning } from '../../base/finding.ts';
import { packageVersion } from '../../base/package-root.ts';
import { obstacleIn } from '../../base/usable-directory.ts';
import type { OzConfig } from '../../config/types.ts';
import { humanSize } from '../../media/human-size.ts';

const gib = 1024 ** 3;

export function versions(): Finding {
  const { platform } = process;
  const text = `Ozma ${packageVersion()} on Node.js ${process.versions.node}`;
  if (platform === 'linux') return fine('version', text);
  return problem('version', `${text}, on ${platform}: builds run on Linux`, 'use a Linux machine');
}

/** The directory itself, or the nearest above that is there. */
export async function nearest(dir: string): Promise<string> {
  const found = await stat(dir).catch(() => undefined);
  const parent = path.dirname(dir);
  return found || parent === dir ? dir : nearest(parent);
}

interface Need {
  check: string;
  dir: string;
  /** Bytes: below `least` nothing works, below `usual` not everything. */
  least: number;
  usual: number;
  /** The key of [paths] in oz.cfg. */
  key: string;
  what: string;
}

function needs({ paths }: OzConfig, remote: boolean): Need[] {
  const image = { check: 'output_dir', dir: paths.outputDir, key: 'output_dir', what: 'images' };
  return [
    {
      check: 'data_dir',
      dir: paths.dataDir,
      key: 'data_dir',
      what: 'media',
      least: gib,
      usual: 6 * gib,
    },
    ...(remote ? [] : [{ ...image, least: 2 * gib, usual: 12 * gib }]),
    {
      check: 'screenshot_dir',
      dir: paths.screenshotDir,
      key: 'screenshot_dir',
      what: 'evidence of failures',
      least: 0,
      usual: 0,
    },
  ];
}

/** Bytes that a directory, there or still to be made, has room for. */
async function roomIn(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(await nearest(dir));
  return bavail * bsize;
}

async function lookAt(
  { check, dir, least, usual, key, what }: Need,
  room: typeof roomIn,
): Promise<Finding> {
  const elsewhere = `set ${key} in [paths] of oz.cfg to a directory that you may write`;
  // Builds go without evidence where it can't be kept.
  const bad = least === 0 ? warning : problem;
  const obstacle = await obstacleIn(dir);
  if (obstacle) return bad(check, `${dir} can't be used: ${obstacle.why}`, elsewhere);
  const free = await room(dir);
  const text = `${dir}: ${humanSize(free)} free for ${what}`;
  const more = `make room there, or set ${key} in [paths] of oz.cfg to another directory`;
  if (free < least) return bad(check, `${text}, and a build needs ${humanSize(least)}`, more);
  if (free < usual) return warning(check, `${text}; many take ${humanSize(usual)}`, more);
  return fine(check, text);
}

/** The directories of oz.cfg: rights and room. `remote`: images are made elsewhere. */
export async function* directories(
  config: OzConfig,
  remote: boolean,
  room = roomIn,
): AsyncGenerator<Finding> {
  for (const need of needs(config, remote)) yield await lookAt(need, room);
}

/** MiB that a guest of today's systems has, and without which none starts. */
const usualMemory = 2048;
const leastMemory = 512;

export function memory(free = process.availableMemory?.() ?? os.freemem()): Finding {
  const mib = Math.floor(free / 1024 ** 2);
  const text = `${humanSize(free)} of memory free`;
  const fix = 'end what else needs memory, or give guests less with memory in [libvirt] of oz.cfg';
  if (mib < leastMemory) return problem('memory', `${text}: too little for a guest`, fix);
  if (mib < usualMemory) return warning('memory', `${text}; guests usually get 2 GiB`, fix);
  return fine('memory', text);
}

/** The osinfo database: without the distribution's, older systems are not known. */
export async function database(
  env: Readonly<Record<string, string | undefined>>,
): Promise<Finding> {
  try {
    const { loadOsinfo } = await import('../../../osinfo/index.ts');
    const osinfo = loadOsinfo({ env });
    // Of the distribution's data alone: our own begin later.
    if (osinfo.os('debian7')) return fine('osinfo', 'the osinfo database is installed');
    return problem(
      'osinfo',
      "the distribution's osinfo database is not installed: only the newest systems are known",
      asRoot('apt-get install osinfo-db'),
    );
  } catch (error) {
    return problemOf('osinfo', error);
  }
}
