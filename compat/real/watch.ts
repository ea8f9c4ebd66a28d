/** Watches a guest from outside, with the same eyes whoever runs it: starts, ends, SSH's greeting. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { systemUri } from '../../test/e2e/support/system-libvirt.ts';

/** One run of the guest; milliseconds of Unix time. */
export interface GuestRun {
  started: number;
  /** When its SSH server first greeted; absent where it never did. */
  greeted?: number;
  stopped?: number;
}

export interface Watch {
  runs: GuestRun[];
  close(): void;
}

/** Where libvirt's DHCP server on the NAT network notes its leases. */
const leases = '/var/lib/libvirt/dnsmasq/virbr0.status';

/** All that the card has had: an installer and the system it installs may be told apart. */
async function addressesOf(mac: string): Promise<string[]> {
  try {
    const all = JSON.parse(await readFile(leases, 'utf8')) as Record<string, string>[];
    const own = all.filter((lease) => lease['mac-address'] === mac);
    return own.flatMap((lease) => lease['ip-address'] ?? []);
  } catch {
    return []; // being written just now
  }
}

/** Milliseconds; OpenSSH shuts out for a while who hangs up on it again and again. */
const patience = 60_000;

/** Whether an SSH server says who it is. */
function greets(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: 22, timeout: patience });
    const end = (found: boolean) => {
      socket.destroy();
      resolve(found);
    };
    socket.once('data', (data: Buffer) => end(data.toString('latin1').startsWith('SSH-')));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}

const line = /^(\S+ \S+): event 'lifecycle' for domain '([^']+)': (\S+)/;

/** Reads a line of virsh event; times are UTC. */
export function lifecycle(text: string): { at: number; guest: string; what: string } | null {
  const [, time = '', guest = '', what = ''] = line.exec(text) ?? [];
  if (!what) return null;
  return { at: Date.parse(time.replace(' ', 'T').replace('+0000', 'Z')), guest, what };
}

export function watchGuest(guest: string, mac: string): Watch {
  const runs: GuestRun[] = [];
  const args = ['-c', systemUri, 'event', '--event', 'lifecycle', '--loop', '--timestamp'];
  const events = spawn('virsh', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  createInterface({ input: events.stdout }).on('line', (text) => {
    const event = lifecycle(text);
    if (event?.guest !== guest) return;
    const last = runs.at(-1);
    if (event.what === 'Started') runs.push({ started: event.at });
    if (event.what === 'Stopped' && last) last.stopped ??= event.at;
  });
  const asked = new Set<string>();
  async function ask(host: string, run: GuestRun): Promise<void> {
    if (asked.has(host)) return;
    asked.add(host);
    if (await greets(host)) run.greeted ??= Date.now();
    asked.delete(host);
  }
  const timer = setInterval(async () => {
    const run = runs.at(-1);
    if (!run || run.stopped || run.greeted) return;
    for (const host of await addressesOf(mac)) void ask(host, run);
  }, 1000);
  return {
    runs,
    close() {
      clearInterval(timer);
      events.kill();
    },
  };
}
