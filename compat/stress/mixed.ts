/**
 * Pairs of builds at the same time, of the same system from other URLs or other ISOs: does each
 * get its own media? By what its guest was started with and has open, and by its manifest.
 *
 *     npm run stress:mixed -- [--pairs 40] [--seed 1] [--product DIR]
 *
 * DIR: another checkout of Ozma, built, whose commands are run instead. Prints the figures as
 * JSON; ends with 1 when any build had anything but its own media.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { packageFile } from '../../src/base/package-root.ts';
import { makeWorkspace, type Workspace } from '../../test/e2e/support/workspace.ts';
import { runProgram } from '../program.ts';
import { type GuestMedia, watchGuest } from './guest-media.ts';
import { type MediaServer, serveMedia } from './media-server.ts';
import { randomFrom } from './random.ts';
import { tinyInitrd, tinyIso, tinyKernel, tinyTree } from './tiny-guest.ts';

type Kind = 'url' | 'iso';
/** `none`: it failed before, or nobody saw it. */
type Whose = 'own' | 'foreign' | 'none';

interface Outcome {
  pair: number;
  kind: Kind;
  name: string;
  guest: Whose;
  manifest: Whose;
  /** Its last words, where it failed. */
  failure?: string;
}

const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');

/** One build's media on the server; returns what they digest to, and where they are. */
async function offer(server: MediaServer, kind: Kind, name: string, dir: string) {
  const guest = { name, seconds: 4, writes: 64 };
  if (kind === 'iso') {
    const iso = path.join(dir, `${name}.iso`);
    await tinyIso(iso, path.join(dir, `${name}.d`), guest);
    const content = await readFile(iso);
    server.files.set(`/${name}/x.iso`, content);
    const install = `<install type="iso"><iso>${server.url}/${name}/x.iso</iso></install>`;
    return { install, digests: [sha256(content)] };
  }
  const files = { kernel: tinyKernel(guest), initrd: tinyInitrd(name) };
  for (const role of ['kernel', 'initrd'] as const) {
    server.files.set(`/${name}/dists/trixie/${tinyTree[role]}`, files[role]);
  }
  const install = `<install type="url"><url>${server.url}/${name}/dists/trixie/</url></install>`;
  return { install, digests: [sha256(files.kernel), sha256(files.initrd)] };
}

const tdlOf = (name: string, install: string) => `<template version="1.0"><name>${name}</name>
  <os><name>Debian</name><version>13</version><arch>x86_64</arch>${install}</os>
  <disk><size>1GiB</size></disk></template>\n`;

/** Runs oz-install to its end; null: it succeeded, else what it said last. */
function install({ product, workspace, signal }: Stress, tdl: string): Promise<string | null> {
  const program = path.join(product, 'bin', 'oz-install.js');
  const child = spawn(process.execPath, [program, '-c', workspace.config, tdl], {
    cwd: workspace.dir,
    env: { ...process.env, ...workspace.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-2000);
    });
  }
  // Its end is waited for: it clears up.
  const end = () => child.kill('SIGTERM');
  if (signal.aborted) end();
  signal.addEventListener('abort', end);
  return new Promise<string | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0 ? null : said.trim().slice(-600)));
  }).finally(() => signal.removeEventListener('abort', end));
}

async function manifestDigests(workspace: Workspace, name: string): Promise<string[] | null> {
  const file = workspace.at('images', `${name}.dsk.manifest.json`);
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  const { media } = JSON.parse(text) as { media: { sha256?: string }[] };
  return media.map((medium) => medium.sha256 ?? '');
}

const whose = (found: readonly string[] | null, own: readonly string[]): Whose =>
  found === null || found.length === 0
    ? 'none'
    : found.every((one) => own.includes(one))
      ? 'own'
      : 'foreign';

function guestVerdict({ names, isos }: GuestMedia, kind: Kind, name: string, own: string[]): Whose {
  const started = whose(names.length === 2 ? names : null, [name]);
  if (kind === 'url') return started;
  const held = whose(isos, own);
  if (started === 'foreign' || held === 'foreign') return 'foreign';
  return started === 'own' && held === 'own' ? 'own' : 'none';
}

interface Stress {
  product: string;
  workspace: Workspace;
  server: MediaServer;
  signal: AbortSignal;
}

async function runOne(stress: Stress, pair: number, kind: Kind, name: string): Promise<Outcome> {
  const { workspace, server } = stress;
  const { install: source, digests } = await offer(server, kind, name, workspace.at('media'));
  const tdl = await workspace.write(`${name}.tdl`, tdlOf(name, source));
  const watch = watchGuest(name);
  const failure = await install(stress, tdl);
  const seen = await watch.end();
  return {
    ...{ pair, kind, name },
    guest: guestVerdict(seen, kind, name, digests),
    manifest: whose(await manifestDigests(workspace, name), digests),
    ...(failure === null ? {} : { failure }),
  };
}

/** Up to five seconds apart; one of them, mostly the first, waits for its last file. */
async function runPair(stress: Stress, pair: number, random: () => number): Promise<Outcome[]> {
  const kind: Kind = pair % 2 === 0 ? 'url' : 'iso';
  // Root's session is the system's daemon: other runs' guests are there as well.
  const names = ['a', 'b'].map((which) => `m${process.pid}p${pair}${which}`);
  const apart = random() * 5000;
  const slow = random() < 0.75 ? 0 : 1;
  const file = kind === 'url' ? `/dists/trixie/${tinyTree.initrd}` : '/x.iso';
  stress.server.delays.set(`/${names[slow]}${file}`, apart + random() * 3000);
  return Promise.all(
    names.map(async (name, at) => {
      await sleep(at * apart);
      return runOne(stress, pair, kind, name);
    }),
  );
}

const count = (all: readonly Outcome[], test: (one: Outcome) => boolean) => all.filter(test).length;

async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: {
      pairs: { type: 'string', default: '40' },
      seed: { type: 'string', default: '1' },
      product: { type: 'string', default: packageFile() },
    },
  });
  const random = randomFrom(Number(values.seed));
  const libvirt = { uri: 'qemu:///session' };
  const workspace = await makeWorkspace({ libvirt, cache: { original_media: 'yes' } });
  const server = await serveMedia();
  const outcomes: Outcome[] = [];
  try {
    await mkdir(workspace.at('media'));
    const product = path.resolve(values.product);
    for (let pair = 1; pair <= Number(values.pairs); pair++) {
      const both = await runPair({ product, workspace, server, signal }, pair, random);
      signal.throwIfAborted();
      outcomes.push(...both);
      process.stderr.write(
        `${both.map((one) => `${one.name} ${one.kind}: guest ${one.guest}, manifest ${one.manifest}${one.failure ? `, ${one.failure}` : ''}`).join('\n')}\n`,
      );
    }
  } finally {
    server.close();
    await writeFile(workspace.at('outcomes.json'), JSON.stringify(outcomes));
    await workspace.remove();
  }
  const bad = outcomes.filter((one) => one.guest !== 'own' || one.manifest !== 'own');
  const figures = {
    ...{ seed: Number(values.seed), pairs: Number(values.pairs), builds: outcomes.length },
    mixed: count(outcomes, (one) => one.guest === 'foreign' || one.manifest === 'foreign'),
    foreignInGuest: count(outcomes, (one) => one.guest === 'foreign'),
    foreignInManifestAlone: count(
      outcomes,
      (one) => one.guest !== 'foreign' && one.manifest === 'foreign',
    ),
    failed: count(outcomes, (one) => one.failure !== undefined),
    unseen: count(outcomes, (one) => one.guest === 'none' && one.failure === undefined),
  };
  process.stdout.write(`${JSON.stringify({ ...figures, bad }, null, 2)}\n`);
  return outcomes.length > 0 && bad.length === 0 ? 0 : 1;
}

await runProgram(main);
