/** A system libvirt with its NAT network, started by hand where none runs. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers as listening } from '../../../backends/libvirt/root-daemon.ts';
import { runTool } from '../../../src/base/run-tool.ts';

export const systemUri = 'qemu:///system';

export interface SystemLibvirt {
  /** The host's address on the NAT network. */
  address: string;
  /** Stops what was started here, in the opposite order. */
  stop(): Promise<void>;
}

const virsh = (...args: string[]) => runTool('virsh', ['-c', systemUri, ...args]);

async function answers(): Promise<boolean> {
  return virsh('version').then(
    () => true,
    () => false,
  );
}

/** Starts a daemon that puts itself into the background; returns what ends it. */
async function startDaemon(name: string, pidFile: string): Promise<() => Promise<void>> {
  await runTool(name, ['--daemon', '--pid-file', pidFile]);
  return async () => {
    if (!existsSync(pidFile)) return;
    const pid = Number((await readFile(pidFile, 'utf8')).trim());
    process.kill(pid, 'SIGTERM');
    for (let i = 0; i < 50 && existsSync(`/proc/${pid}`); i++) await sleep(200);
  };
}

async function networkXml(name: string): Promise<string> {
  return (await virsh('net-dumpxml', name)).stdout.toString('utf8');
}

export async function startSystemLibvirt(): Promise<SystemLibvirt> {
  const undo: (() => Promise<unknown>)[] = [];
  if (!(await answers())) {
    // The socket of a daemon that is dead may still lie there.
    if (!(await listening('/run/libvirt/virtlogd-sock'))) {
      undo.push(await startDaemon('virtlogd', '/run/virtlogd-e2e.pid'));
    }
    undo.push(await startDaemon('libvirtd', '/run/libvirtd-e2e.pid'));
    for (let i = 0; i < 50 && !(await answers()); i++) await sleep(200);
  }
  const all = (await virsh('net-list', '--all', '--name')).stdout.toString('utf8').split('\n');
  if (!all.includes('default')) {
    await virsh('net-define', '/usr/share/libvirt/networks/default.xml');
    undo.push(() => virsh('net-undefine', 'default'));
  }
  const active = (await virsh('net-list', '--name')).stdout.toString('utf8').split('\n');
  if (!active.includes('default')) {
    await virsh('net-start', 'default');
    undo.push(() => virsh('net-destroy', 'default'));
  }
  const address = /<ip address=['"]([\d.]+)/.exec(await networkXml('default'))?.[1];
  if (!address) throw new Error('the default network has no address');
  return {
    address,
    async stop() {
      for (const step of undo.reverse()) await step();
    },
  };
}
