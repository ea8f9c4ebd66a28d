/** Runs one side's command to its end and notes when each line was said. */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { loadavg } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { packageFile } from '../../src/base/package-root.ts';
import type { Side } from './inputs.ts';
import { type GuestRun, watchGuest } from './watch.ts';

export interface Line {
  /** Milliseconds of Unix time. */
  at: number;
  text: string;
}

export interface SideRun {
  side: Side['name'];
  command: string;
  exitCode: number;
  began: number;
  ended: number;
  /** Standard error of Oz (-d3); our standard output (--json). */
  lines: Line[];
  /** What Oz wrote to standard output. */
  stdout: string;
  guest: GuestRun[];
  /** Load average of a minute at the start and at the end. */
  load: [number, number];
}

export type Command = 'oz-install' | 'oz-customize' | 'oz-generate-icicle';

const programOf = (side: Side, command: Command): string[] =>
  side.name === 'oz'
    ? [`/usr/bin/${command}`, '-d3']
    : [process.execPath, packageFile(`bin/${command}.js`), '--json'];

/** `args` are both sides' own, without options for output. Resolves whatever the exit code. */
export async function runSide(
  side: Side,
  command: Command,
  args: readonly string[],
  { guest, mac }: { guest: string; mac: string },
): Promise<SideRun> {
  const watch = watchGuest(guest, mac);
  const [program = '', ...first] = programOf(side, command);
  const log = createWriteStream(path.join(side.dir, `${command}.log`));
  const lines: Line[] = [];
  let stdout = '';
  const load = loadavg()[0] ?? 0;
  const began = Date.now();
  const child = spawn(program, [...first, '-c', side.config, ...args], {
    cwd: side.dir,
    env: { ...process.env, ...side.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const note = (text: string) => {
    lines.push({ at: Date.now(), text });
    log.write(`${new Date().toISOString()} ${text}\n`);
  };
  const spoken = side.name === 'oz' ? child.stderr : child.stdout;
  const other = side.name === 'oz' ? child.stdout : child.stderr;
  createInterface({ input: spoken }).on('line', note);
  other.on('data', (data: Buffer) => {
    stdout += data.toString('utf8');
    log.write(data);
  });
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 128));
  });
  const ended = Date.now();
  watch.close();
  log.end();
  return {
    ...{ side: side.name, command, exitCode, began, ended, lines, stdout, guest: watch.runs },
    load: [load, loadavg()[0] ?? 0],
  };
}
