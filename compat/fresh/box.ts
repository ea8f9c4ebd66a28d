/** A bare machine of its own: layers of files, namespaces, and commands in it as root or a user. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OzError } from '../../src/base/errors.ts';
import { ordinaryUser } from './base.ts';
import type { Host } from './host.ts';

export type BoxUser = 'root' | 'user';

export interface BoxOptions {
  /** Where layers are kept while they are used. */
  dir: string;
  /** Folder of the bare system. */
  base: string;
  /** The usr/local with Node and npm, in a folder of its own (see ../node/tree.ts). */
  node: string;
  host: Host;
  user: BoxUser;
  /** Everything that commands print goes there. */
  log: string;
  /** Called with each line that a command prints. */
  onLine?: ((line: string) => void) | undefined;
  signal: AbortSignal;
}

export interface BoxResult {
  code: number;
  /** Standard output and error as they came. */
  text: string;
}

export interface RunOptions {
  /** Instead of the box's own user. */
  as?: BoxUser | undefined;
  cwd?: string | undefined;
}

export interface Box {
  user: BoxUser;
  /** The user's home as the box sees it. */
  home: string;
  /** A path of the box, seen from outside. */
  outside(inside: string): string;
  /** A folder outside that goes with the box. */
  scratch: string;
  /** Runs a line of shell in a login shell of the user. */
  run(line: string, options?: RunOptions): Promise<BoxResult>;
  /** Ids of all its processes, as seen from outside. */
  processes(): Promise<number[]>;
  /** Ends everything in it, and removes its files. */
  close(): Promise<void>;
}

/** Layers whose maker is dead: a killed run leaves its own. */
async function removeStale(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    const pid = Number(/^run-(\d+)-/.exec(name)?.[1]);
    if (!pid) continue;
    try {
      process.kill(pid, 0);
    } catch {
      await rm(path.join(dir, name), { recursive: true, force: true });
    }
  }
}

async function fillLayer(layer: string, host: Host): Promise<void> {
  const etc = path.join(layer, 'upper/etc');
  await mkdir(path.join(etc, 'apt/apt.conf.d'), { recursive: true });
  await writeFile(path.join(etc, 'apt/apt.conf.d/00outside'), host.aptSettings);
  await writeFile(path.join(etc, 'hostname'), 'fresh\n');
  await writeFile(path.join(etc, 'hosts'), '127.0.0.1 localhost fresh\n::1 localhost\n');
  await copyFile('/etc/resolv.conf', path.join(etc, 'resolv.conf')).catch(() => {});
  const environment = Object.entries(host.environment).map(([k, v]) => `${k}="${v}"\n`);
  await writeFile(path.join(etc, 'environment'), environment.join(''));
  // sudo drops all others: the way to the registry is the same for who becomes root by it.
  await mkdir(path.join(etc, 'sudoers.d'), { recursive: true });
  const kept = `Defaults env_keep += "${Object.keys(host.environment).join(' ')}"\n`;
  await writeFile(path.join(etc, 'sudoers.d/outside'), kept, { mode: 0o440 });
  if (host.certificates) {
    await mkdir(path.join(etc, 'ssl/certs'), { recursive: true });
    await copyFile(
      host.certificates,
      path.join(etc, 'ssl/certs', path.basename(host.certificates)),
    );
  }
}

/** Waits for the line in which box.sh says that all is mounted. */
async function started(init: ChildProcess): Promise<number> {
  let text = '';
  let errors = '';
  init.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  return await new Promise((resolve, reject) => {
    init.stdout?.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(Number(text));
    });
    init.once('error', reject);
    init.once('close', () =>
      reject(
        new OzError('OZ_FRESH_BOX', `Cannot start a bare machine: ${errors.trim() || 'it ended'}`, {
          hint: 'its folder must be on a file system that overlayfs takes: set FRESH_DIR',
        }),
      ),
    );
  });
}

function runIn(pid: number, line: string, o: BoxOptions, log: WriteStream, run: RunOptions) {
  const user = (run.as ?? o.user) === 'root' ? 'root' : ordinaryUser.name;
  const script = run.cwd ? `cd '${run.cwd}' && ${line}` : line;
  const enter = ['-t', `${pid}`, '--mount', '--pid', '--ipc', '--uts', '--wd=/'];
  const clean = ['env', '-i', 'TERM=dumb', 'LANG=C.UTF-8', 'PATH=/usr/bin:/bin'];
  log.write(`\n$ ${line}\n`);
  const child = spawn('nsenter', [...enter, '--', ...clean, 'su', '-', user, '-c', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C reaches the program, which ends the box, and nothing in it by itself.
    detached: true,
    signal: o.signal,
  });
  let text = '';
  let rest = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      // The last of it can come when the box is closed already.
      if (!log.writableEnded) log.write(chunk);
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (o.onLine) lines.forEach(o.onLine);
    });
  }
  return new Promise<BoxResult>((resolve, reject) => {
    child.once('error', (error) => reject(o.signal.aborted ? o.signal.reason : error));
    child.once('close', (code) => resolve({ code: code ?? 1, text }));
  });
}

async function processesBeside(pid: number): Promise<number[]> {
  const space = await readlink(`/proc/${pid}/ns/pid`);
  const ids = (await readdir('/proc')).map(Number).filter((id) => id > 0 && id !== pid);
  const spaces = await Promise.all(ids.map((id) => readlink(`/proc/${id}/ns/pid`).catch(() => '')));
  return ids.filter((_, i) => spaces[i] === space);
}

/** Starts a bare machine. Its end by `close()` leaves nothing; so does the end of this process. */
export async function openBox(options: BoxOptions): Promise<Box> {
  const { dir, base, signal } = options;
  signal.throwIfAborted();
  await removeStale(dir);
  const layer = await mkdtemp(path.join(dir, `run-${process.pid}-`));
  let init: ChildProcess | undefined;
  const log = createWriteStream(options.log, { flags: 'a' });
  const close = async () => {
    if (init?.pid && init.exitCode === null && init.signalCode === null) {
      const gone = new Promise((resolve) => init?.once('close', resolve));
      init.kill('SIGKILL');
      await Promise.race([gone, sleep(10_000)]);
    }
    log.end();
    await rm(layer, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    await fillLayer(layer, options.host);
    const spaces = ['--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child'];
    const lower = `${path.resolve(options.node, '../..')}:${base}`;
    const script = path.join(import.meta.dirname, 'box.sh');
    // The kernel ends unshare with this process, and unshare's end is the end of all in the box.
    const first = ['--pdeathsig', 'KILL', 'unshare', ...spaces, 'bash', script, layer, lower];
    init = spawn('setpriv', first, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const pid = await started(init);
    return {
      user: options.user,
      home: options.user === 'root' ? '/root' : `/home/${ordinaryUser.name}`,
      scratch: layer,
      outside: (inside) => path.join(`/proc/${pid}/root`, inside),
      processes: () => processesBeside(pid),
      close,
      run: (line, run = {}) => runIn(pid, line, options, log, run),
    };
  } catch (error) {
    await close();
    throw error;
  }
}
