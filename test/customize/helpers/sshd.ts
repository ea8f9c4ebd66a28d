/** A real sshd on loopback, as whoever runs the tests; ended by its pid. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import type { Address, Auth } from '../../../src/customize/session.ts';

export interface TestSshd {
  address: Address;
  auth: Auth & { privateKey: string };
  publicKey: string;
  /** Where the test may write. */
  dir: string;
  /** The server's own pid. */
  pid: number;
  log(): string;
  stop(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function makeKey(file: string): { privateKey: string; publicKey: string } {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file]);
  const read = (name: string) => execFileSync('cat', [name], { encoding: 'utf8' });
  return { privateKey: read(file), publicKey: read(`${file}.pub`).trim() };
}

/** `extra` are lines of sshd_config, before the others. Needs Debian's openssh-server. */
export async function startSshd(
  options: { extra?: string[]; port?: number } = {},
): Promise<TestSshd> {
  const dir = mkdtempSync(path.join(tmpdir(), 'ozma-sshd-'));
  const port = options.port ?? (await freePort());
  const { privateKey, publicKey } = makeKey(path.join(dir, 'user'));
  makeKey(path.join(dir, 'host'));
  writeFileSync(path.join(dir, 'authorized'), `${publicKey}\n`);
  const config = [
    ...(options.extra ?? []),
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${dir}/host`,
    `AuthorizedKeysFile ${dir}/authorized`,
    `PidFile ${dir}/pid`,
    'StrictModes no',
    'PermitRootLogin yes',
    `UsePAM ${process.getuid?.() === 0 ? 'yes' : 'no'}`,
    'Subsystem sftp internal-sftp',
    '',
  ];
  // What comes first counts; an empty Subsystem line in `extra` can't switch it off.
  const text = config.filter(
    (line) => !(options.extra?.includes('#no-sftp') && line.startsWith('Subsystem')),
  );
  writeFileSync(path.join(dir, 'config'), text.join('\n'));
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  let log = '';
  const child: ChildProcess = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', `${dir}/config`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  for (let left = 100; !(await answers(port)); left -= 1) {
    if (left === 0 || child.exitCode !== null) throw new Error(`sshd does not answer: ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    address: { host: '127.0.0.1', port },
    auth: { username: userInfo().username, privateKey },
    publicKey,
    dir,
    pid: child.pid ?? 0,
    log: () => log,
    stop: async () => {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      await closed;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The children of a process: sshd's one for each connection. */
export function childrenOf(pid: number): number[] {
  const text = execFileSync('cat', [`/proc/${pid}/task/${pid}/children`], { encoding: 'utf8' });
  return text.trim().split(/\s+/).filter(Boolean).map(Number);
}

/** All sshd processes of a server's connections: for an ordinary user's, some have two. */
export function connectionsOf(pid: number): number[] {
  const own = childrenOf(pid).filter((child) =>
    readFileSync(`/proc/${child}/comm`, 'utf8').startsWith('sshd'),
  );
  return own.flatMap((child) => [child, ...connectionsOf(child)]);
}
