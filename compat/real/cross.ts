/** Each side works in what the other has made: lists its packages, then customises it. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../../src/base/run-tool.ts';
import { lookInside } from '../../test/e2e/support/inside-image.ts';
import type { Inputs, Side } from './inputs.ts';
import { icicleNames } from './report.ts';
import { type Command, runSide, type SideRun } from './run.ts';

export interface CrossResult {
  /** Who worked, and in whose image. */
  by: Side['name'];
  of: Side['name'];
  command: Command;
  seconds: number;
  exitCode: number;
  /** What was found afterwards; empty: as it should be. */
  wrong: string[];
}

async function wrongAfterIcicle(run: SideRun, worker: Side): Promise<string[]> {
  const text = worker.name === 'oz' ? run.stdout : (resultText(run) ?? '');
  if (!text.includes('<icicle')) return ['no ICICLE'];
  const names = (await icicleNames(text)).map((name) => name.replace(/:.*/, ''));
  return ['figlet', 'openssh-server', 'cron'].filter((name) => !names.includes(name));
}

/** The ICICLE document in our result event. */
export function resultText({ lines }: SideRun): string | undefined {
  for (const { text } of lines) {
    if (!text.includes('"type":"result"')) continue;
    const event = JSON.parse(text) as { result?: { icicleText?: string } };
    return event.result?.icicleText;
  }
  return undefined;
}

async function wrongAfterCustomise(image: string): Promise<string[]> {
  const inside = await lookInside(image);
  try {
    const problems: [string, boolean][] = [
      ['the file is missing', (await inside.read('/etc/later')) !== 'a file of the second TDL'],
      ['the command left nothing', !(await inside.read('/root/later'))?.trim()],
      ['a key is left', (await inside.read('/root/.ssh/authorized_keys')) !== null],
      ['the announcement is left', (await inside.read('/etc/cron.d/announce')) !== null],
      ['the list of what to undo is left', (await inside.read('/var/lib/.build-access')) !== null],
      [
        'toilet is not installed',
        !/^Package: toilet\nStatus: install ok installed$/m.test(
          (await inside.read('/var/lib/dpkg/status')) ?? '',
        ),
      ],
    ];
    return problems.flatMap(([text, found]) => (found ? [text] : []));
  } finally {
    await inside.close();
  }
}

/** `worker` in a copy of what `maker` made, by the libvirt XML that `maker` wrote. */
export async function workInOther(
  worker: Side,
  maker: Side,
  { guest, mac, laterTdl }: Inputs,
): Promise<CrossResult[]> {
  // Both hold images in the same place under the same name, so the XML need not be changed.
  const kept = path.join(maker.dir, 'kept', path.basename(maker.image));
  await mkdir(path.dirname(kept), { recursive: true });
  await runTool('cp', ['--sparse=always', '-p', maker.image, kept]);
  try {
    const results: CrossResult[] = [];
    for (const command of ['oz-generate-icicle', 'oz-customize'] as const) {
      const args = command === 'oz-customize' ? [laterTdl] : [laterTdl];
      const run = await runSide(worker, command, [...args, maker.domainXml], { guest, mac });
      const wrong =
        command === 'oz-customize'
          ? await wrongAfterCustomise(maker.image)
          : await wrongAfterIcicle(run, worker);
      results.push({
        ...{ by: worker.name, of: maker.name, command, exitCode: run.exitCode, wrong },
        seconds: Math.round((run.ended - run.began) / 1000),
      });
    }
    return results;
  } finally {
    await runTool('mv', [kept, maker.image]);
  }
}
