/** The system's libvirt and its log daemon, for Nova; those that run are shared, and they stay. */
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers } from '../../../backends/libvirt/root-daemon.ts';
import { OzError } from '../../../src/base/errors.ts';
import { runTool } from '../../../src/base/run-tool.ts';
import { allPids, cleanEnv } from './daemons.ts';

const logSocket = '/run/libvirt/virtlogd-sock';

async function libvirtAnswers(): Promise<boolean> {
  const { exitCode } = await runTool('virsh', ['-c', 'qemu:///system', 'version'], {
    okCodes: [0, 1],
  });
  return exitCode === 0;
}

/** Whether this command line is that of a daemon which ends itself when nobody has work for it. */
export function endsItself(name: string, commandLine: string): boolean {
  const [program = '', ...args] = commandLine.split('\0');
  return path.basename(program) === name && args.some((arg) => arg.startsWith('--timeout'));
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it has ended
  }
}

/** Daemons of containers and bare machines are seen from here, and are no matter of ours. */
function isHere(pid: number): boolean {
  const mounts = (of: number | 'self') => readlinkSync(`/proc/${of}/ns/mnt`);
  try {
    return mounts(pid) === mounts('self');
  } catch {
    return false; // it has ended
  }
}

/** A build's virtlogd would soon leave Nova without one, and a server does not start then. */
async function awaitEnd(name: string, seconds: number): Promise<void> {
  const runs = () => allPids().some((pid) => endsItself(name, commandLineOf(pid)) && isHere(pid));
  for (const end = Date.now() + seconds * 1000; runs() && Date.now() < end; ) await sleep(500);
}

async function startDaemon(name: string): Promise<void> {
  const env = Object.entries(cleanEnv()).map(([key, value]) => `${key}=${value}`);
  await runTool('env', ['-i', ...env, name, '-d'], { okCodes: [0, 1] });
}

export async function startLibvirt(): Promise<void> {
  await awaitEnd('virtlogd', 130); // builds give it 120
  const logs = await answers(logSocket);
  if (logs && (await libvirtAnswers())) return;
  // as systemd makes it: virtlogd would let nobody else in, and QEMU is another user
  await mkdir(path.dirname(logSocket), { recursive: true, mode: 0o755 });
  if (!logs) await startDaemon('virtlogd');
  if (!(await libvirtAnswers())) await startDaemon('libvirtd');
  for (let i = 0; i < 100 && !(await libvirtAnswers()); i++) await sleep(200);
  if (await libvirtAnswers()) return;
  throw new OzError('OZ_RIG_SERVICE', 'Cannot start libvirt: libvirtd does not answer');
}
