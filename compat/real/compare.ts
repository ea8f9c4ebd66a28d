/**
 * One template built by the real Oz and by us, on the same libvirt, from the same
 * installer with the same answer file; then each works in what the other has made.
 *
 *   npm run compare:real -- standin|debian [--dir DIR] [--only oz,ours,cross,report]
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startSystemLibvirt } from '../../test/e2e/support/system-libvirt.ts';
import { startDebianRig } from '../rigs/debian/rig.ts';
import { startStandinRig } from '../rigs/standin/rig.ts';
import { type CrossResult, resultText, workInOther } from './cross.ts';
import { lookInto } from './images.ts';
import { type Inputs, type Installer, prepareInputs, type Side } from './inputs.ts';
import { crossLines, readRun, resultOf } from './report.ts';
import { runSide, type SideRun } from './run.ts';
import { timeTable } from './times.ts';

const rigs = { standin: startStandinRig, debian: startDebianRig };
const steps = ['oz', 'ours', 'cross', 'report'] as const;
/** Fixed, so that images go on finding their packages when a step is run again. */
const ports = {
  standin: Number(process.env.OZMA_PORT ?? 8096),
  debian: Number(process.env.OZMA_PORT ?? 8097),
};

interface Sides {
  inputs: Inputs;
  oz: Side;
  ours: Side;
}

const runFile = (side: Side) => path.join(side.dir, 'install.json');
const crossFile = (side: Side) => path.join(side.dir, 'cross.json');

async function install(side: Side, inputs: Inputs): Promise<boolean> {
  const { mac, answers, tdl } = inputs;
  const args = ['-p', '-u', '-g', '-m', mac, '-a', answers, '-x', side.domainXml, tdl];
  const run = await runSide(side, 'oz-install', args, inputs);
  await writeFile(runFile(side), JSON.stringify(run, null, 1));
  const text = side.name === 'oz' ? run.stdout : (resultText(run) ?? '');
  await writeFile(side.icicle, text.slice(text.indexOf('<icicle')));
  const seconds = Math.round((run.ended - run.began) / 1000);
  console.log(`${side.name}: exit code ${run.exitCode} after ${seconds} s`);
  return run.exitCode === 0;
}

async function cross({ inputs, oz, ours }: Sides): Promise<boolean> {
  let good = true;
  for (const [worker, maker] of [
    [ours, oz],
    [oz, ours],
  ] as const) {
    const results = await workInOther(worker, maker, inputs);
    await writeFile(crossFile(worker), JSON.stringify(results, null, 1));
    console.log(crossLines(results).join('\n'));
    good &&= results.every(({ exitCode, wrong }) => exitCode === 0 && wrong.length === 0);
  }
  return good;
}

async function report({ oz, ours }: Sides, top: string): Promise<boolean> {
  const runs = {
    oz: await readRun<SideRun>(runFile(oz)),
    ours: await readRun<SideRun>(runFile(ours)),
  };
  const looks = {
    oz: await lookInto(oz.image, path.join(top, 'look')),
    ours: await lookInto(ours.image, path.join(top, 'look')),
  };
  const icicles = {
    oz: await readFile(oz.icicle, 'utf8'),
    ours: await readFile(ours.icicle, 'utf8'),
  };
  const crossed: CrossResult[] = [];
  for (const side of [ours, oz]) {
    if (existsSync(crossFile(side)))
      crossed.push(...(await readRun<CrossResult[]>(crossFile(side))));
  }
  const load = (run: SideRun) => run.load.map((value) => value.toFixed(1)).join(' to ');
  const result = await resultOf({ looks, icicles });
  const lines = [
    ...timeTable(runs.oz, runs.ours),
    `Load average of this machine: ${load(runs.oz)} (Oz), ${load(runs.ours)} (Ozma)`,
    '',
    ...result.lines,
    '',
    ...crossLines(crossed),
  ];
  await writeFile(path.join(top, 'report.md'), `${lines.join('\n')}\n`);
  console.log(lines.join('\n'));
  return result.good;
}

async function main(installer: Installer, top: string, wanted: readonly string[]) {
  const libvirt = await startSystemLibvirt();
  const rig = await rigs[installer]({ bind: libvirt.address, port: ports[installer] });
  try {
    const sides = await prepareInputs(top, installer, rig);
    let good = true;
    if (wanted.includes('oz')) good = (await install(sides.oz, sides.inputs)) && good;
    if (wanted.includes('ours')) good = (await install(sides.ours, sides.inputs)) && good;
    if (good && wanted.includes('cross')) good = (await cross(sides)) && good;
    if (good && wanted.includes('report')) good = await report(sides, top);
    return good;
  } finally {
    await rig.close();
    await libvirt.stop();
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { dir: { type: 'string' }, only: { type: 'string' } },
});
const installer = positionals[0];
if (installer !== 'standin' && installer !== 'debian') {
  console.error(`usage: compare.ts standin|debian [--dir DIR] [--only ${steps.join(',')}]`);
  process.exitCode = 2;
} else {
  const top = path.resolve(values.dir ?? path.join('.rig', 'real', installer));
  const good = await main(installer, top, values.only?.split(',') ?? steps);
  if (!good) process.exitCode = 1;
}
