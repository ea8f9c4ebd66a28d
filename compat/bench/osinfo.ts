/**
 * `oz os …` as built beside the C tools of Debian's libosinfo-bin, whole
 * processes; and what finding one system costs within a build. Prints the
 * figures and what was wanted of them; exits with 1 when one is missed.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageFile } from '../../src/base/package-root.ts';
import {
  cpuOf,
  measure,
  presentOf,
  printTimes,
  type Subject,
  type Times,
  wallOf,
} from './measure.ts';

const node = process.execPath;
const oz = packageFile('bin', 'oz.js');
const directory = mkdtempSync(path.join(tmpdir(), 'ozma-bench-'));

/** An installer by its label, and bootable. */
function madeIso(): string {
  const [content, file] = [path.join(directory, 'content'), path.join(directory, 'debian.iso')];
  mkdirSync(content);
  writeFileSync(path.join(content, 'b'), Buffer.alloc(2048));
  const args = ['-quiet', '-V', 'Debian 11.1.0 amd64 n', '-o', file, '-b', 'b', '-c', 'c'];
  const run = spawnSync('xorriso', ['-as', 'mkisofs', ...args, '-no-emul-boot', content]);
  if (run.status !== 0) throw new Error('xorriso made no ISO (apt-get install xorriso)');
  return file;
}

const subject = (name: string, command: string, args: string[]): Subject => ({
  name,
  command,
  args,
  exitCode: 0,
});

/** What finding a TDL's system and its hardware takes, each time in a process of its own. */
function resolving(): Times {
  const code = `
    const { loadOsinfo } = await import(process.argv[1]);
    const [used, began] = [process.cpuUsage(), performance.now()];
    const osinfo = loadOsinfo();
    const { os } = osinfo.findForTdl('Debian', '13');
    osinfo.devices(os);
    osinfo.resources(os, 'x86_64');
    const wall = performance.now() - began;
    const { user, system } = process.cpuUsage(used);
    console.log(JSON.stringify({ wall, cpu: (user + system) / 1000 }));`;
  const module = packageFile('dist', 'osinfo', 'index.js');
  const times = Array.from({ length: 10 }, () => {
    const run = spawnSync(node, ['--input-type=module', '-e', code, module], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(run.stderr);
    return JSON.parse(run.stdout) as Times;
  });
  return { wall: wallOf(times), cpu: cpuOf(times) };
}

/** MiB that oz os list holds at most. */
function listMemory(): number {
  const code = `
    process.on('exit', () => console.error(process.resourceUsage().maxRSS / 1024));
    process.argv = [process.argv[0], 'oz', 'os', 'list'];
    await import(${JSON.stringify(oz)});`;
  const run = spawnSync(node, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
  return Number(run.stderr);
}

let missed = 0;
function judge(what: string, figure: number, limit: number, unit: string): void {
  const kept = figure <= limit;
  if (!kept) missed += 1;
  console.log(
    `${what}: ${figure.toFixed(2)}${unit}, wanted <= ${limit}${unit}${kept ? '' : '  MISSED'}`,
  );
}

try {
  const iso = madeIso();
  const out = path.join(directory, 'out');
  mkdirSync(out);
  const password = ['-c', 'admin-password=geheim'];
  const script = ['-q', '-d', out, ...password, 'debian11'];
  const pairs: [ours: Subject, theirs: Subject][] = [
    [
      subject('oz os list', node, [oz, 'os', 'list']),
      subject('osinfo-query os', '/usr/bin/osinfo-query', ['os']),
    ],
    [
      subject('oz os script debian11', node, [oz, 'os', 'script', 'debian11', ...password]),
      subject('osinfo-install-script debian11', '/usr/bin/osinfo-install-script', script),
    ],
    [
      subject('oz os detect debian.iso', node, [oz, 'os', 'detect', iso]),
      subject('osinfo-detect debian.iso', '/usr/bin/osinfo-detect', [iso]),
    ],
  ];
  const nothing = subject('node (nothing)', node, ['-e', '0']);
  const times = measure(presentOf([nothing, ...pairs.flat()], 'apt-get install libosinfo-bin'));
  printTimes(times);
  for (const [ours, theirs] of pairs) {
    const [a, b] = [times.get(ours), times.get(theirs)];
    if (!a || !b) continue;
    judge(`${ours.name} / ${theirs.name}, time`, wallOf(a) / wallOf(b), 0.5, '');
    console.log(`  the same by processor time: ${(cpuOf(a) / cpuOf(b)).toFixed(2)}`);
  }
  const { wall, cpu } = resolving();
  judge('finding one system within a build', wall, 20, ' ms');
  console.log(`  the same by processor time: ${cpu.toFixed(2)} ms`);
  judge('memory of oz os list', listMemory(), 150, ' MiB');
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exitCode = missed ? 1 : 0;
