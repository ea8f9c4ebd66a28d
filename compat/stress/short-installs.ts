/**
 * Installs that last a few seconds, three at a time in one process: is any of them lost? What is
 * asked of a guest often fails because it is just ending, and never may that be the build's end.
 *
 *     npm run stress:short -- [--count 60] [--seed 1] [--at-once 3] [--uri qemu:///session]
 *                             [--product DIR]
 *
 * DIR: another checkout of Ozma, whose library is used instead. Prints the figures as JSON; ends
 * with 1 unless each install left an image that holds all that its guest wrote, and nothing else.
 */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { codeOf, messageOf } from '../../src/base/errors.ts';
import { packageFile } from '../../src/base/package-root.ts';
import { startSystemLibvirt, systemUri } from '../../test/e2e/support/system-libvirt.ts';
import { makeWorkspace, type Workspace } from '../../test/e2e/support/workspace.ts';
import { runProgram } from '../program.ts';
import { randomFrom } from './random.ts';
import { sectorsIn, tinyIso } from './tiny-guest.ts';

type Library = Pick<typeof import('../../src/index.ts'), 'build' | 'parseTdl'>;

interface Outcome {
  name: string;
  /** What the guest was to do. */
  seconds: number;
  writes: number;
  ms: number;
  /** Starts of a guest. */
  guests: number;
  /** Sectors of its guest that the image holds; null: there is none. */
  held: number | null;
  failure?: { code: string | undefined; message: string };
}

const tdlOf = (name: string, iso: string) => `<template version="1.0"><name>${name}</name>
  <os><name>Debian</name><version>13</version><arch>x86_64</arch>
  <install type="iso"><iso>file://${iso}</iso></install></os>
  <disk><size>1GiB</size></disk></template>\n`;

async function install(
  { build, parseTdl }: Library,
  workspace: Workspace,
  name: string,
  random: () => number,
  signal: AbortSignal,
): Promise<Outcome> {
  // A fifth of them is off before anybody has looked.
  const short = random() < 0.2;
  const guest = { seconds: short ? 0.3 : 1 + random() * 4, writes: 1 + Math.floor(random() * 64) };
  const iso = workspace.at('media', `${name}.iso`);
  await tinyIso(iso, workspace.at('media', name), { name, ...guest });
  const begin = performance.now();
  const outcome: Outcome = { name, ...guest, ms: 0, guests: 0, held: null };
  try {
    const { image } = await build(await parseTdl(tdlOf(name, iso)), {
      config: workspace.config,
      cwd: workspace.dir,
      signal,
      onEvent(event) {
        if (event.type === 'mark' && event.mark === 'guest-started') outcome.guests++;
      },
    });
    if (image !== undefined) outcome.held = await sectorsIn(image);
    if (image !== undefined) await rm(image);
  } catch (error) {
    outcome.failure = { code: codeOf(error), message: messageOf(error) };
  }
  await rm(iso, { force: true });
  outcome.ms = Math.round(performance.now() - begin);
  return outcome;
}

async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      'at-once': { type: 'string', default: '3' },
      uri: { type: 'string', default: 'qemu:///session' },
      product: { type: 'string', default: packageFile() },
    },
  });
  const count = Number(values.count);
  const random = randomFrom(Number(values.seed));
  const system = values.uri === systemUri ? await startSystemLibvirt() : undefined;
  const workspace = await makeWorkspace({ libvirt: { uri: values.uri, image_type: 'raw' } });
  // Before libvirt's library is loaded, which has its own view of them.
  Object.assign(process.env, workspace.env);
  const source = pathToFileURL(path.resolve(values.product, 'src/index.ts')).href;
  const library = (await import(source)) as Library;
  await mkdir(workspace.at('media'));
  const outcomes: Outcome[] = [];
  const names = Array.from({ length: count }, (_, index) => `short${index + 1}`);
  const begin = performance.now();
  const work = async () => {
    for (let name = names.shift(); name !== undefined && !signal.aborted; name = names.shift()) {
      const outcome = await install(library, workspace, name, random, signal);
      outcomes.push(outcome);
      const { failure, ms } = outcome;
      process.stderr.write(`${name}: ${ms} ms${failure ? `: ${failure.message}` : ''}\n`);
    }
  };
  let left: string[] = [];
  try {
    await Promise.all(Array.from({ length: Number(values['at-once']) }, work));
    // What runs this program keeps its own cache there.
    left = (await workspace.leftovers()).filter((file) => !file.startsWith('tmp/tsx-'));
  } finally {
    await workspace.remove();
    await system?.stop();
  }
  signal.throwIfAborted();
  const whole = outcomes.filter(({ held, writes }) => held === writes);
  const figures = {
    ...{ seed: Number(values.seed), uri: values.uri, installs: count, images: whole.length },
    lost: count - whole.length,
    leftovers: left.length,
    secondStarts: outcomes.filter(({ guests }) => guests > 1).length,
    seconds: Math.round((performance.now() - begin) / 1000),
  };
  for (const file of left) process.stderr.write(`left: ${file}\n`);
  const failed = outcomes.filter((outcome) => !whole.includes(outcome));
  process.stdout.write(`${JSON.stringify({ ...figures, failed }, null, 2)}\n`);
  return count > 0 && whole.length === count && left.length === 0 ? 0 : 1;
}

await runProgram(main);
