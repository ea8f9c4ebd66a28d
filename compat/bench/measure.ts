/** Times and memory of whole processes, several commands in turn, as a table. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';

const runs = 10;

export interface Subject {
  name: string;
  command: string;
  args: string[];
  /** The exit code it must have: what fails early is quick for no merit. */
  exitCode: number;
}

export interface Times {
  /** Milliseconds from start to end. */
  wall: number;
  /** Milliseconds of processor time, which other work on the machine disturbs less. */
  cpu: number;
}

/** Times of one whole process, by the shell's own clock so that its start is not counted. */
function once({ name, command, args, exitCode }: Subject): Times {
  const run = spawnSync(
    'bash',
    ['-c', 'TIMEFORMAT="%3R %3U %3S"; time "$@" >/dev/null 2>&1', 'bash', command, ...args],
    { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
  );
  if (run.status !== exitCode) throw new Error(`${name} ended with ${run.status}`);
  const [wall = 0, user = 0, system = 0] = run.stderr.trim().split(' ').map(Number);
  return { wall: wall * 1000, cpu: (user + system) * 1000 };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

/** Runs each of them ten times, in turn, so that other work on the machine hits all alike. */
export function measure(subjects: readonly Subject[]): Map<Subject, Times[]> {
  const times = new Map<Subject, Times[]>(subjects.map((s) => [s, []]));
  for (const subject of subjects) once(subject); // files into the page cache
  for (let i = 0; i < runs; i += 1) for (const [s, list] of times) list.push(once(s));
  return times;
}

export const wallOf = (list: readonly Times[]): number => median(list.map((t) => t.wall));
export const cpuOf = (list: readonly Times[]): number => median(list.map((t) => t.cpu));

export function printTimes(times: ReadonlyMap<Subject, readonly Times[]>): void {
  const width = Math.max(...[...times.keys()].map(({ name }) => name.length)) + 2;
  const cell = (text: string | number) =>
    (typeof text === 'number' ? text.toFixed(0) : text).padStart(8);
  console.log(
    `${os.cpus()[0]?.model.trim()}, Node ${process.version}, ${runs} runs, milliseconds, load ${os.loadavg()[0]?.toFixed(1)}`,
  );
  console.log(`${''.padEnd(width)}${['median', 'min', 'max', 'cpu'].map(cell).join('')}`);
  for (const [subject, list] of times) {
    const wall = list.map((t) => t.wall);
    const figures = [wallOf(list), Math.min(...wall), Math.max(...wall), cpuOf(list)];
    console.log(`${subject.name.padEnd(width)}${figures.map(cell).join('')}`);
  }
}

/** Those whose command there is; says which is missing. `hint` tells how to get it. */
export function presentOf(subjects: readonly Subject[], hint: string): Subject[] {
  return subjects.filter(({ name, command }) => {
    const found = existsSync(command);
    if (!found) console.log(`${name}: ${command} is missing (${hint})`);
    return found;
  });
}
