/** The packed tool on a bare machine: installed, asked, and used as far as a build begins. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beginBuild } from './begin.ts';
import type { Box } from './box.ts';
import { type CellContext, type Figures, failed, mustSucceed } from './cell.ts';
import { withExample } from './example.ts';
import { asRoot, install, obeyHint, runWithHints } from './hinted.ts';
import { leftovers } from './leftovers.ts';
import { openPacked } from './packed.ts';

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

interface Built {
  guest: string;
  packages: string[];
}

/** Builds, with the packages that hints name, until the guest runs; then Ctrl-C. */
async function buildWithHints(context: CellContext, box: Box, tdl: string): Promise<Built> {
  const line = `oz-install -p -u -g -i ${path.join(box.home, 'packages.icicle')} ${tdl}`;
  const packages: string[] = [];
  for (;;) {
    const { code, text, reached: guest } = await beginBuild(context, box, line);
    if (guest && code === 130) return { guest, packages };
    if (guest) throw failed(`${line} ended with ${code} after Ctrl-C, not with 130`, text);
    if (code === 0) throw failed(`${line} ended before its guest ran`, text);
    packages.push(...(await obeyHint(box, line, text)));
    context.say(`its hints name ${packages.join(' ')}`);
  }
}

export async function pack(context: CellContext): Promise<Figures> {
  const { say } = context;
  const box = await openPacked(context);
  await readManual(box);
  say('installed; oz --version and man oz-install answer');
  const forPlans = await planExamples(box);
  say(
    `every example is checked and planned${forPlans.length ? ` with ${forPlans.join(' ')}` : ''}`,
  );
  const { guest, packages } = await withExample(context, box, (tdl) =>
    buildWithHints(context, box, tdl),
  );
  say(`a build runs ${guest}, with ${packages.join(' ')}`);
  // The daemon of a session ends by itself, some time after its last guest.
  await sleep(1000);
  const left = await leftovers(box);
  if (left.length > 0) throw failed(`Ctrl-C left ${left.join(', ')}`);
  return { packages: [...forPlans, ...packages].join(' ') };
}
