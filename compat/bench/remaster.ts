/**
 * An installer's ISO with one file more: ours beside the real Oz of Debian's package,
 * in turn. Prints time and the most disk that each takes beside the ISO itself.
 *
 *     npm run bench:remaster -- [--size=GiB] [--runs=N] [--oz=guestfs|xorriso] [--dir=DIR]
 *
 * `--oz=xorriso` spares Oz its libguestfs guest, which takes many minutes without KVM.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import {
  closeSync,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { packageFile } from '../../src/base/package-root.ts';
import { overlayIso, spliceIso } from '../../src/media/iso-overlay.ts';
import { remasterIso } from '../../src/media/remaster.ts';
import { piecesOf, readPieces } from '../../src/media/splice.ts';
import { makeHybridIso } from '../../test/media/hybrid-iso.ts';
import { median } from './measure.ts';

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '4' },
    runs: { type: 'string', default: '3' },
    oz: { type: 'string', default: 'guestfs' },
    dir: { type: 'string', default: os.tmpdir() },
  },
});
const mib = 1024 * 1024;
const fileSize = 64 * mib;

/** Random files, as packages are: nothing to compress, nothing sparse. */
function fill(tree: string): void {
  const count = (Number(values.size) * 1024 * mib) / fileSize;
  const chunk = Buffer.alloc(8 * mib);
  mkdirSync(path.join(tree, 'pool'));
  for (let i = 0; i < count; i++) {
    const fd = openSync(path.join(tree, 'pool', `file-${i}`), 'w');
    for (let written = 0; written < fileSize; written += chunk.length) {
      randomFillSync(chunk);
      writeSync(fd, chunk);
    }
    closeSync(fd);
  }
}

/** Bytes that everything below a directory takes on disk. */
async function allocated(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true }).catch(() => []);
  const stats = await Promise.all(
    entries.map((name) => lstat(path.join(dir, name)).catch(() => undefined)),
  );
  return stats.reduce((sum, stat) => sum + (stat?.blocks ?? 0) * 512, 0);
}

interface Cost {
  seconds: number;
  /** Bytes. */
  disk: number;
}

async function measured(dir: string, work: () => Promise<unknown>): Promise<Cost> {
  let disk = 0;
  let done = false;
  const watch = (async () => {
    while (!done) {
      disk = Math.max(disk, await allocated(dir));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  const began = performance.now();
  try {
    await work();
  } finally {
    done = true;
  }
  const seconds = (performance.now() - began) / 1000;
  await watch;
  return { seconds, disk: Math.max(disk, await allocated(dir)) };
}

function realOz(iso: string, dir: string, extra: string): Promise<void> {
  const script = packageFile('compat', 'bench', 'remaster-peer.py');
  const args = ['-W', 'ignore', script, iso, dir, extra, values.oz];
  const child = spawn('/usr/bin/python3', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, LIBGUESTFS_BACKEND: 'direct' },
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`Oz ended with ${code}`)),
    );
  });
}

/** What El Torito points to, without where the catalogue itself lies. */
function bootRecords(image: string): string {
  const args = ['-indev', image, '-report_el_torito', 'plain'];
  return execFileSync('xorriso', args, { stdio: ['ignore', 'pipe', 'ignore'] })
    .toString()
    .replace(/^El Torito catalog .*$/m, '');
}

const top = mkdtempSync(path.join(values.dir, 'ozma-remaster-bench-'));
try {
  console.log(`making an ISO of ${values.size} GiB in ${top}`);
  const iso = makeHybridIso(top, { bios: 'isolinux/isolinux.bin', fill });
  rmSync(path.join(top, 'hybrid'), { recursive: true });
  const extra = path.join(top, 'extra');
  writeFileSync(extra, 'extra\n');
  const add = [{ from: extra, to: '/extra' }];
  /** How each is looked into afterwards: writes it whole to `flat`. */
  type Flatten = (flat: string) => Promise<void>;
  interface Subject {
    name: string;
    work(dir: string): Promise<Flatten | undefined>;
  }
  const subjects: Subject[] = [
    {
      name: 'Ozma: overlay (libvirt here)',
      async work(dir) {
        const target = path.join(dir, 'overlay');
        if (!(await overlayIso({ iso, target, add }))) throw new Error('no overlay was made');
        return async (flat) =>
          void execFileSync('qemu-img', ['convert', '-O', 'raw', target, flat]);
      },
    },
    {
      name: 'Ozma: spliced while sent (clouds)',
      async work(dir) {
        const target = path.join(dir, 'splice');
        const splice = await spliceIso({ iso, target, add });
        if (!splice) throw new Error('nothing to splice was made');
        const pieces = await piecesOf(target, splice);
        return (flat) => pipeline(readPieces(pieces), createWriteStream(flat));
      },
    },
    {
      name: 'Ozma: copy in one pass (USB disks)',
      async work(dir) {
        await remasterIso({ iso, target: path.join(dir, 'copy.iso'), add });
        return undefined; // what boots lies at other blocks of a copy: test/media compares it without them
      },
    },
    {
      name: `Oz: unpacked by ${values.oz}, genisoimage`,
      async work(dir) {
        await realOz(iso, dir, extra);
        return undefined;
      },
    },
  ];
  const costs = subjects.map((): Cost[] => []);
  for (let run = 0; run < Number(values.runs); run++) {
    for (const [i, { name, work }] of subjects.entries()) {
      const dir = path.join(top, 'work');
      mkdirSync(dir);
      let flatten: Flatten | undefined;
      const cost = await measured(dir, async () => {
        flatten = await work(dir);
      });
      costs[i]?.push(cost);
      console.log(`${name}: ${cost.seconds.toFixed(1)} s, ${(cost.disk / mib).toFixed(1)} MiB`);
      if (flatten) {
        const flat = path.join(top, 'flat.iso');
        await flatten(flat);
        const same = bootRecords(flat) === bootRecords(iso);
        rmSync(flat);
        console.log(`  boot records (xorriso -report_el_torito) ${same ? 'the same' : 'DIFFER'}`);
        if (!same) process.exitCode = 1;
      }
      rmSync(dir, { recursive: true });
    }
  }
  const medians = costs.map((list) => ({
    seconds: median(list.map(({ seconds }) => seconds)),
    disk: median(list.map(({ disk }) => disk)),
  }));
  const peer = medians.at(-1) ?? { seconds: 0, disk: 0 };
  console.log(`\nmedian of ${values.runs} runs, load ${os.loadavg()[0]?.toFixed(1)}`);
  for (const [i, { name }] of subjects.entries()) {
    const { seconds = 0, disk = 0 } = medians[i] ?? {};
    const ratios = `time x ${(seconds / peer.seconds).toFixed(4)}, disk x ${(disk / peer.disk).toFixed(4)}`;
    const figures =
      `${seconds.toFixed(1)} s`.padStart(10) + `${(disk / mib).toFixed(1)} MiB`.padStart(13);
    console.log(`${name.padEnd(42)}${figures}   ${ratios}`);
  }
} finally {
  rmSync(top, { recursive: true, force: true });
}
