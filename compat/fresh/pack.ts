/** The packed tool on a bare machine: installed, asked, and used as far as a build begins. */
import { copyFile, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageFile, packageVersion } from '../../src/base/package-root.ts';
import { adaptTdl } from '../demo/adapt-tdl.ts';
import { findInstallerTree } from '../demo/installer-tree.ts';
import type { Box } from './box.ts';
import { type CellContext, type Figures, failed, mustSucceed } from './cell.ts';
import { firstWrite } from './disks.ts';
import { giveFile } from './give.ts';
import { asRoot, install, obeyHint, runWithHints } from './hinted.ts';
import { leftovers } from './leftovers.ts';

/** Packs in a box that has the development packages; returns a box that has not, with the file. */
async function packed(context: CellContext): Promise<{ box: Box; file: string }> {
  const { box, folder } = await context.openClone();
  mustSucceed('npm ci', await box.run('npm ci', { cwd: folder }));
  mustSucceed('npm pack', await box.run('npm pack', { cwd: folder }));
  const name = `ozma-${packageVersion()}.tgz`;
  const bare = await context.openBox();
  const file = path.join(bare.home, name);
  await copyFile(box.outside(path.join(folder, name)), bare.outside(file));
  await box.close();
  return { box: bare, file };
}

async function installGlobally({ box, file }: { box: Box; file: string }): Promise<void> {
  const line = asRoot(box, `npm install -g ${file}`);
  mustSucceed(line, await box.run(line));
  const version = await box.run('oz --version');
  mustSucceed('oz --version', version);
  if (!version.text.includes(packageVersion())) {
    throw failed(`oz --version does not print ${packageVersion()}`, version.text);
  }
}

async function readManual(box: Box): Promise<void> {
  const update = asRoot(box, 'apt-get -q update');
  mustSucceed(update, await box.run(update));
  await install(box, ['man-db']);
  const page = await box.run('man oz-install | cat');
  mustSucceed('man oz-install', page);
  if (!/^SYNOPSIS/m.test(page.text)) throw failed('man oz-install shows no page', page.text);
}

/** Checks and plans every example that came with the package. */
async function planExamples(box: Box): Promise<string[]> {
  const examples = '/usr/local/lib/node_modules/ozma/tdl-examples';
  const names = (await readdir(box.outside(examples))).filter((name) => name.endsWith('.tdl'));
  if (names.length === 0) throw failed('the package holds no examples');
  const installed: string[] = [];
  for (const name of names.sort()) {
    for (const verb of ['check', 'plan']) {
      installed.push(...(await runWithHints(box, `oz ${verb} ${path.join(examples, name)}`)));
    }
  }
  return installed;
}

interface Begun {
  disk: string;
  packages: string[];
}

/** Builds, with the packages that hints name, until the guest writes to its disk; then Ctrl-C. */
async function beginBuild(context: CellContext, box: Box, tdl: string): Promise<Begun> {
  const pidFile = path.join(box.home, 'build.pid');
  const line = `oz-install -p -u -g -i ${path.join(box.home, 'packages.icicle')} ${tdl}`;
  const packages: string[] = [];
  for (;;) {
    const found = new AbortController();
    const signal = AbortSignal.any([context.signal, found.signal]);
    const running = box.run(`echo $$ >${pidFile}; exec ${line}`);
    const folders = [box.home, '/var/lib/libvirt/images', '/var/lib/oz'];
    const writing = firstWrite(folders.map(box.outside), signal);
    const first = await Promise.race([running, writing]).finally(() => found.abort());
    if (typeof first === 'string') {
      await box.run(`kill -INT $(cat ${pidFile})`);
      const { code, text } = await running;
      if (code !== 130) throw failed(`${line} ended with ${code} after Ctrl-C, not with 130`, text);
      return { disk: first, packages };
    }
    writing.catch(() => {});
    if (first.code === 0) throw failed(`${line} ended before its guest wrote`, first.text);
    packages.push(...(await obeyHint(box, line, first.text)));
    context.say(`its hints name ${packages.join(' ')}`);
  }
}

/** The example, with an installer that this machine reaches. */
async function withExample<T>(
  context: CellContext,
  box: Box,
  act: (tdl: string) => Promise<T>,
): Promise<T> {
  const text = await readFile(packageFile('tdl-examples/debian-13.tdl'), 'utf8');
  const wanted = /<url>\s*([^<\s]*)\s*<\/url>/.exec(text)?.[1] ?? '';
  const tree = await findInstallerTree(wanted, context.say, context.signal);
  try {
    const tdl = path.join(box.home, 'debian-13.tdl');
    await giveFile(box, tdl, adaptTdl(text, tree.url, tree.kernelparam));
    return await act(tdl);
  } finally {
    await tree.close();
  }
}

export async function pack(context: CellContext): Promise<Figures> {
  const { say } = context;
  const bare = await packed(context);
  const { box } = bare;
  await installGlobally(bare);
  await readManual(box);
  say('installed; oz --version and man oz-install answer');
  const forPlans = await planExamples(box);
  say(
    `every example is checked and planned${forPlans.length ? ` with ${forPlans.join(' ')}` : ''}`,
  );
  const { disk, packages } = await withExample(context, box, (tdl) =>
    beginBuild(context, box, tdl),
  );
  say(`a build writes to ${disk}, with ${packages.join(' ')}`);
  // The daemon of a session ends by itself, some time after its last guest.
  await sleep(1000);
  const left = await leftovers(box);
  if (left.length > 0) throw failed(`Ctrl-C left ${left.join(', ')}`);
  return { packages: [...forPlans, ...packages].join(' ') };
}
