/**
 * Start-up times of whole processes: ours as built, beside the real Oz of
 * Debian's package. Prints a table; judges nothing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';
import { packageFile } from '../../src/base/package-root.ts';

const runs = 10;

interface Subject {
  name: string;
  command: string;
  args: string[];
  /** The exit code it must have: what fails early is quick for no merit. */
  exitCode: number;
}

const node = process.execPath;

const subjects: Subject[] = [
  { name: 'node (nothing)', command: node, args: ['-e', '0'], exitCode: 0 },
  {
    name: 'Ozma: oz-install -h',
    command: node,
    args: [packageFile('bin', 'oz-install.js'), '-h'],
    exitCode: 0,
  },
  {
    name: 'Ozma: oz plan debian-13.tdl',
    command: node,
    args: [packageFile('bin', 'oz.js'), 'plan', packageFile('tdl-examples', 'debian-13.tdl')],
    exitCode: 0,
  },
  { name: 'Oz: oz-install -h', command: '/usr/bin/oz-install', args: ['-h'], exitCode: 1 },
];

interface Times {
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

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

const present = subjects.filter((s) => existsSync(s.command));
for (const missing of subjects.filter((s) => !present.includes(s)))
  console.log(`${missing.name}: ${missing.command} is missing (apt-get install oz)`);

const times = new Map<Subject, Times[]>(present.map((s) => [s, []]));
for (const subject of present) once(subject); // files into the page cache
// In turn, so that other work on the machine hits all of them alike.
for (let i = 0; i < runs; i += 1) for (const [s, list] of times) list.push(once(s));

const cell = (text: string | number) =>
  (typeof text === 'number' ? text.toFixed(0) : text).padStart(8);
console.log(
  `${os.cpus()[0]?.model.trim()}, Node ${process.version}, ${runs} runs, milliseconds, load ${os.loadavg()[0]?.toFixed(1)}`,
);
console.log(`${''.padEnd(32)}${['median', 'min', 'max', 'cpu'].map(cell).join('')}`);
for (const [subject, list] of times) {
  const wall = list.map((t) => t.wall);
  const figures = [
    median(wall),
    Math.min(...wall),
    Math.max(...wall),
    median(list.map((t) => t.cpu)),
  ];
  console.log(`${subject.name.padEnd(32)}${figures.map(cell).join('')}`);
}
