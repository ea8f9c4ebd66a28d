/**
 * A real Debian with systemd and sshd, booted as a container with the host's
 * network: everything customising and sealing need from a guest, within seconds.
 * Needs root, debootstrap, systemd-container and a Debian mirror.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../../test/customize/helpers/sshd.ts';

export const suite = 'trixie';
export const rootPassword = 'box-password';

const wanted = 'openssh-server,systemd-sysv,dbus,udev,ifupdown,cron,ca-certificates';

/** The first Debian mirror that this machine's own apt is set up for. */
export function debianMirror(): string {
  const lists = [
    '/etc/apt/sources.list',
    ...(existsSync('/etc/apt/sources.list.d') ? readdirSync('/etc/apt/sources.list.d') : []).map(
      (name) => `/etc/apt/sources.list.d/${name}`,
    ),
  ];
  for (const file of lists.filter((name) => existsSync(name))) {
    const found = /^(?:URIs:|deb(?:\s+\[[^\]]*\])?)\s+(\S+\/debian)\/?\s*/m.exec(
      readFileSync(file, 'utf8'),
    );
    if (found?.[1]) return found[1];
  }
  throw new Error('this machine names no Debian mirror in its apt sources');
}

/** A bootstrapped tree, made once and kept as a tar file between runs. */
function bootstrapped(): string {
  const tar = path.join(tmpdir(), `ozma-compat-box-${suite}.tar`);
  if (existsSync(tar)) return tar;
  const tree = mkdtempSync(path.join(tmpdir(), 'ozma-box-'));
  const args = ['--variant=minbase', `--include=${wanted}`, suite, tree, debianMirror()];
  execFileSync('debootstrap', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  execFileSync('tar', ['-C', tree, '-cf', `${tar}.new`, '.']);
  renameSync(`${tar}.new`, tar);
  rmSync(tree, { recursive: true, force: true });
  return tar;
}

/** What further kinds of box have besides: package managers of other families, cloud-init. */
const furtherPackages = {
  plain: [],
  cloud: ['cloud-init'],
  families: [
    ...['createrepo-c', 'dnf', 'gpg', 'gpg-agent', 'libarchive-tools', 'makepkg'],
    ...['pacman-package-manager', 'python3-passlib', 'rpm', 'zypper'],
  ],
} as const;

export type BoxKind = keyof typeof furtherPackages;

/** The same with further packages, kept as a tar file of its own. */
function bootstrappedWith(kind: BoxKind): string {
  if (kind === 'plain') return bootstrapped();
  const tar = path.join(tmpdir(), `ozma-compat-box-${suite}-${kind}.tar`);
  if (existsSync(tar)) return tar;
  const tree = mkdtempSync(path.join(tmpdir(), 'ozma-box-'));
  execFileSync('tar', ['-C', tree, '-xf', bootstrapped()]);
  chmodSync(tree, 0o755);
  writeFileSync(path.join(tree, 'etc/resolv.conf'), readFileSync('/etc/resolv.conf'));
  const inside = (...words: string[]) =>
    execFileSync('chroot', [tree, ...words], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    });
  inside('apt-get', 'update');
  inside('apt-get', 'install', '-y', '--no-install-recommends', ...furtherPackages[kind]);
  inside('apt-get', 'clean');
  execFileSync('tar', ['-C', tree, '-cf', `${tar}.new`, '.']);
  renameSync(`${tar}.new`, tar);
  rmSync(tree, { recursive: true, force: true });
  return tar;
}

export interface Box {
  tree: string;
  port: number;
  file(name: string): string;
  read(name: string): string;
}

/** A fresh tree whose sshd listens on a port of its own on loopback. */
export async function makeBox(publicKey?: string, kind: BoxKind = 'plain'): Promise<Box> {
  const tree = mkdtempSync(path.join(tmpdir(), 'ozma-box-'));
  execFileSync('tar', ['-C', tree, '-xf', bootstrappedWith(kind)]);
  chmodSync(tree, 0o755); // mkdtemp made it private, but the guest's own users must enter it
  const box = await adoptBox(tree);
  if (publicKey) {
    mkdirSync(box.file('root/.ssh'), { recursive: true, mode: 0o700 });
    writeFileSync(box.file('root/.ssh/authorized_keys'), `${publicKey}\n`, { mode: 0o600 });
  }
  return box;
}

/** Prepares a tree that is there: port, password, names. */
export async function adoptBox(tree: string, permitRoot = 'yes'): Promise<Box> {
  const port = await freePort();
  const file = (name: string) => path.join(tree, name);
  writeFileSync(
    file('etc/ssh/sshd_config.d/50-box.conf'),
    `Port ${port}\nListenAddress 127.0.0.1\nPermitRootLogin ${permitRoot}\n`,
  );
  writeFileSync(file('etc/resolv.conf'), readFileSync('/etc/resolv.conf'));
  execFileSync('chroot', [tree, 'chpasswd'], { input: `root:${rootPassword}\n` });
  return { tree, port, file, read: (name) => readFileSync(file(name), 'utf8') };
}

/** One that was killed may make new files for another moment. */
export function removeBox({ tree }: Box): void {
  for (let left = 20; ; left -= 1) {
    try {
      rmSync(tree, { recursive: true, force: true });
      return;
    } catch (error) {
      if (left === 0) throw error;
      execFileSync('sleep', ['0.5']);
    }
  }
}

export interface RunningBox {
  /** Resolves when the container has powered off by itself. */
  stopped: Promise<void>;
  alive(): boolean;
  /** All that was printed on its console so far. */
  printed(): string;
  kill(): Promise<void>;
}

export interface BootBoxOptions {
  /** `pipe`: none inside, its init's own output only; `read-only`: a device that can be written. */
  console?: 'pipe' | 'read-only';
  /** A network of its own, on a pair of interfaces whose end here has this name. */
  network?: string;
}

function childrenOf(pid: number | undefined): number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', `${pid}`], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean).map(Number);
}

export function bootBox(box: Box, options: BootBoxOptions = {}): RunningBox {
  const { console: console_ = 'pipe', network } = options;
  const child: ChildProcess = spawn(
    'systemd-nspawn',
    [
      ...[
        '--register=no',
        '--keep-unit',
        '--quiet',
        '--boot',
        `--console=${console_}`,
        '--link-journal=no',
      ],
      ...(network ? [`--network-veth-extra=${network}:guest`] : []),
      ...['--directory', box.tree, '--setenv=SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1'],
      'systemd.unified_cgroup_hierarchy=1',
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
    },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  let alive = true;
  const closed = new Promise<number | null>((resolve) =>
    child.once('close', (code) => {
      alive = false;
      resolve(code);
    }),
  );
  const stopped = closed.then((code) => {
    if (code !== 0) throw new Error(`the container ended with ${code}: ${said}`);
  });
  stopped.catch(() => {}); // nobody waits for the end of one that is killed
  return {
    alive: () => alive,
    printed: () => said,
    stopped,
    kill: async () => {
      if (!alive) return;
      // With its init all of the container ends, and its network; with systemd-nspawn nothing does.
      const inside = childrenOf(child.pid);
      for (const pid of inside) process.kill(pid, 'SIGKILL');
      if (inside.length === 0) child.kill('SIGKILL');
      await closed;
    },
  };
}
