/** Stops the cloud, and wipes what it has left when asked to. */
import { existsSync, readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../../../src/base/run-tool.ts';
import { allPids, stopDaemon } from './daemons.ts';
import { sql } from './database.ts';
import { disconnectHost } from './host-network.ts';
import type { Layout } from './layout.ts';
import { daemons } from './services.ts';

/** A failure means that there is nothing to do. */
const quietly = (tool: string, args: readonly string[]) =>
  runTool(tool, args).then(
    ({ stdout }) => stdout.toString('utf8'),
    () => '',
  );

/** The domains of our servers only, by Nova's own list. */
async function removeGuests(layout: Layout): Promise<void> {
  const query = 'SELECT uuid FROM nova.instances WHERE deleted = 0';
  const uuids = await sql(layout, query).catch(() => '');
  for (const uuid of uuids.split('\n').filter(Boolean)) {
    await quietly('virsh', ['-c', 'qemu:///system', 'destroy', uuid]);
    await quietly('virsh', ['-c', 'qemu:///system', 'undefine', '--nvram', uuid]);
  }
}

/** What the services' agents leave behind: told by our paths in its command line. */
function isHelper({ root }: Layout, pid: number): boolean {
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    const known = /^(\S*\/)?(dnsmasq|haproxy|sudo|python3?)\0/.test(line);
    return known && (line.includes(`${root}/etc/`) || line.includes(`${root}/state/neutron`));
  } catch {
    return false;
  }
}

function stopHelpers(layout: Layout): void {
  for (const pid of allPids()) {
    if (!isHelper(layout, pid)) continue;
    try {
      process.kill(pid);
    } catch {
      // It went with its agent.
    }
  }
}

async function unmountAll({ root }: Layout): Promise<void> {
  const mounts = await readFile('/proc/mounts', 'utf8');
  const ours = [...mounts.matchAll(/^\S+ (\S+)/gm)]
    .map((line) => line[1] ?? '')
    .filter((at) => at.startsWith(`${root}/state/`));
  for (const at of ours.sort().reverse()) await quietly('umount', [at]);
}

/** RabbitMQ's name server, if no other node is left in it. */
async function stopNameServer(): Promise<void> {
  if (!/^name /m.test(await quietly('epmd', ['-names']))) await quietly('epmd', ['-kill']);
}

/** Without `wipe` all data stay for the next start. */
export async function bringDown(layout: Layout, { wipe = false } = {}): Promise<void> {
  if (!existsSync(layout.run)) return;
  if (wipe) await removeGuests(layout);
  const names = Object.keys(daemons(layout)).filter((name) => name !== 'rabbitmq');
  await Promise.all(names.map((name) => stopDaemon(layout, name)));
  stopHelpers(layout);
  await Promise.all([
    stopDaemon(layout, 'rabbitmq', 15_000),
    stopDaemon(layout, 'mariadb', 20_000),
  ]);
  await stopNameServer();
  await unmountAll(layout);
  if (!wipe) return;
  await disconnectHost();
  const helper = '/sbin/mount.nfs';
  const isOurs = existsSync(helper) && (await readFile(helper, 'utf8')).includes('ozma test cloud');
  if (isOurs) await rm(helper);
  for (const name of ['etc', 'log', 'run', 'state']) {
    await rm(path.join(layout.root, name), { recursive: true, force: true });
  }
}
