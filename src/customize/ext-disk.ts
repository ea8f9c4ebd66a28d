/**
 * Small changes in a disk without libguestfs' appliance, which takes a minute to
 * come up where it is emulated. For disks that are simple enough, one clean ext4
 * file system with the whole system on it: qemu-storage-daemon shows the disk as
 * a file (FUSE), and debugfs works in that. Understands the commands of
 * guestfish that offline.ts uses.
 */
import { open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { delay } from '../base/abort.ts';
import { messageOf, OzError } from '../base/errors.ts';
import { type LedgerWriter, noLedger } from '../base/ledger-entry.ts';
import { inWords, limits } from '../base/limits.ts';
import { makePassingDirectory } from '../base/passing-directory.ts';
import { runTool } from '../base/run-tool.ts';
import { startTool } from '../base/start-tool.ts';
import type { Guestfish } from './guestfish.ts';
import { wholeOnRoot } from './mount-system.ts';

/** Formats whose content QEMU can't mistake for another one's. */
const formats = ['raw', 'qcow2'];

/** Milliseconds that the daemon may take to show the disk, and to end. */
const patience = 15_000;

interface Shown {
  /** A file that reads as the raw disk. */
  file: string;
  /** Writes what is pending and takes the file away. */
  end(): Promise<void>;
}

/** Shows a disk of any format as a raw file in `dir`. Throws where that does not work here. */
async function showRaw(disk: string, format: string, dir: string): Promise<Shown> {
  const file = path.join(dir, 'disk');
  await writeFile(file, '');
  const node = (values: object) => ['--blockdev', JSON.stringify(values)];
  const share = { type: 'fuse', id: 'show', 'node-name': 'disk', mountpoint: file, writable: true };
  const child = startTool(
    'setpriv',
    [
      // It must not outlive us, not even when we are killed.
      ...['--pdeathsig', 'TERM', 'qemu-storage-daemon'],
      ...node({ driver: 'file', 'node-name': 'file', filename: disk }),
      ...node({ driver: format, 'node-name': 'disk', file: 'file' }),
      ...['--export', JSON.stringify(share)],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
  });
  let ended = false;
  const closed = new Promise<void>((resolve) => {
    const end = (error?: Error) => {
      said ||= error?.message ?? '';
      ended = true;
      resolve();
    };
    child.once('error', end);
    child.once('close', () => end());
  });
  const end = async () => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), patience);
    await closed;
    clearTimeout(late);
  };
  for (let waited = 0; !ended && waited < patience; waited += 20) {
    if ((await stat(file)).size > 0) return { file, end };
    await delay(20);
  }
  await end();
  throw new Error(said.trim() || 'qemu-storage-daemon shows nothing');
}

const sector = 512;

interface PartitionTable {
  partitiontable: { partitions: { start: number }[] };
}

/** Where the only ext file system starts, in bytes; undefined when there is none, or several. */
async function findExt(file: string, signal?: AbortSignal): Promise<number | undefined> {
  const { stdout } = await runTool('sfdisk', ['--json', file], { signal });
  const { partitions } = (JSON.parse(stdout.toString('utf8')) as PartitionTable).partitiontable;
  const found: number[] = [];
  const handle = await open(file, 'r');
  try {
    for (const { start } of partitions) {
      // The superblock is 1024 bytes in, its magic number 56 bytes further.
      const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, start * sector + 1024 + 56);
      if (buffer.readUInt16LE() === 0xef53) found.push(start * sector);
    }
  } finally {
    await handle.close();
  }
  return found.length === 1 ? found[0] : undefined;
}

/** What debugfs knows of a file, by `stat`. */
interface Entry {
  type: 'regular' | 'directory' | 'symlink' | 'other';
  mode: number;
  user: number;
  group: number;
  size: number;
}

function readStat(text: string): Entry | null {
  const match =
    /Type: (\S+)\s+Mode:\s+(\d+)[\s\S]*?User:\s+(\d+)\s+Group:\s+(\d+)[\s\S]*?Size:\s+(\d+)/.exec(
      text,
    );
  if (!match) return null;
  const [, type = '', mode = '', user = '', group = '', size = ''] = match;
  const known = type === 'regular' || type === 'directory' || type === 'symlink';
  return {
    type: known ? type : 'other',
    mode: Number.parseInt(mode, 8),
    user: Number(user),
    group: Number(group),
    size: Number(size),
  };
}

const safePath = /^\/[\w.@/+-]*$/;

/** guestfish's commands, on a file system at an offset of a file. */
function debugfsCommands(
  image: string,
  offset: number,
  dir: string,
  signal?: AbortSignal,
): Pick<Guestfish, 'command' | 'is'> {
  const device = `${image}?offset=${offset}`;

  function checked(file: string | undefined): string {
    if (file === undefined || !safePath.test(file)) throw new Error(`unexpected path ${file}`);
    return file;
  }

  async function read(request: string): Promise<string> {
    const { stdout } = await runTool('debugfs', ['-R', request, device], { signal });
    return stdout.toString('utf8');
  }

  /** debugfs goes on after errors and ends well: all it says besides its name is one. */
  async function write(...requests: string[]): Promise<void> {
    const script = path.join(dir, 'requests');
    await writeFile(script, requests.map((request) => `${request}\n`).join(''));
    const { stderr } = await runTool('debugfs', ['-w', '-f', script, device], { signal });
    const errors = stderr.split('\n').filter((line) => line !== '' && !/^debugfs \d/.test(line));
    if (errors.length > 0) throw new Error(errors.join('; '));
  }

  const look = async (file: string | undefined) => readStat(await read(`stat ${checked(file)}`));

  async function content(file: string): Promise<Buffer> {
    const copy = path.join(dir, 'read');
    await rm(copy, { force: true });
    const size = (await look(file))?.size ?? 0;
    // It may say that it is larger than any disk.
    if (size > limits.document)
      throw new Error(`${file} is larger than ${inWords(limits.document)}`);
    await read(`dump ${file} ${copy}`);
    // Of a file inside its inode debugfs gives all the room that there is.
    return (await readFile(copy)).subarray(0, size);
  }

  const names = async (file: string): Promise<string[]> =>
    [...(await read(`ls -p ${file}`)).matchAll(/^\/[1-9]\d*\/\d+\/\d+\/\d+\/([^/]+)\//gm)]
      .map((match) => match[1] ?? '')
      .filter((name) => name !== '.' && name !== '..');

  async function makeDirectory(file: string, mode: number): Promise<void> {
    await write(`mkdir ${file}`, `sif ${file} mode 0${(0o40000 | mode).toString(8)}`);
  }

  const modeText = ({ mode }: Pick<Entry, 'mode'>) => `0${(0o100000 | mode).toString(8)}`;

  /** A file of this machine; an existing file keeps its mode and owner, as over guestfish. */
  async function put(local: string, file: string, like?: Entry | null): Promise<void> {
    const old = await look(file);
    const as = like ?? old ?? { mode: 0o644, user: 0, group: 0 };
    await write(
      ...(old ? [`rm ${file}`] : []),
      `write ${local} ${file}`,
      `sif ${file} mode ${modeText(as)}`,
      `sif ${file} uid ${as.user}`,
      `sif ${file} gid ${as.group}`,
    );
  }

  const commands: Record<string, (...words: string[]) => Promise<string>> = {
    'is-file': async (file) => String((await look(file))?.type === 'regular'),
    'is-dir': async (file) => String((await look(file))?.type === 'directory'),
    'is-symlink': async (file) => String((await look(file))?.type === 'symlink'),
    cat: async (file) => (await content(checked(file))).toString('utf8'),
    ls: async (file) => (await names(checked(file))).sort().join('\n'),
    async 'glob-expand'(pattern = '') {
      const [parent, last] = [path.dirname(pattern), path.basename(pattern)];
      const [head = '', tail = ''] = last.split('*');
      const found = (await look(parent)) ? await names(parent) : [];
      return found
        .filter((name) => name.startsWith(head) && name.endsWith(tail))
        .map((name) => `${parent}/${name}`)
        .join('\n');
    },
    async 'mkdir-mode'(file, mode = '0755') {
      await makeDirectory(checked(file), Number.parseInt(mode, 8));
      return '';
    },
    async 'mkdir-p'(file) {
      const parts = checked(file).split('/').filter(Boolean);
      for (let depth = 1; depth <= parts.length; depth++) {
        const each = `/${parts.slice(0, depth).join('/')}`;
        if (!(await look(each))) await makeDirectory(each, 0o755);
      }
      return '';
    },
    async upload(local = '', file) {
      await put(local, checked(file));
      return '';
    },
    async 'cp-a'(from, to) {
      const copy = path.join(dir, 'copy');
      await writeFile(copy, await content(checked(from)));
      await put(copy, checked(to), await look(from));
      return '';
    },
    async chmod(mode = '', file) {
      await write(`sif ${checked(file)} mode ${modeText({ mode: Number.parseInt(mode, 8) })}`);
      return '';
    },
    async 'ln-sf'(target = '', file) {
      const old = await look(file);
      await write(...(old ? [`rm ${file}`] : []), `symlink ${checked(file)} ${target}`);
      return '';
    },
    async mv(from, to) {
      await commands['cp-a']?.(from ?? '', to ?? '');
      await write(`rm ${checked(from)}`);
      return '';
    },
    async 'rm-f'(file) {
      if (await look(file)) await write(`rm ${checked(file)}`);
      return '';
    },
    async rmdir(file) {
      await write(`rmdir ${checked(file)}`);
      return '';
    },
  };

  async function command(name = '', ...words: string[]): Promise<string> {
    const run = commands[name];
    if (!run) throw new Error(`no command ${name}`);
    return run(...words);
  }
  return {
    command,
    is: async (...words) => (await command(...words)) === 'true',
  };
}

/** Whether the file system was left in order, and holds a system that can be worked in this way. */
async function isSimple(
  fish: Pick<Guestfish, 'command' | 'is'>,
  device: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const { stdout } = await runTool('debugfs', ['-R', 'show_super_stats -h', device], { signal });
  const facts = stdout.toString('utf8');
  if (!/^Filesystem state:\s+clean$/m.test(facts)) return false;
  // debugfs keeps no account of quotas.
  if (/^Filesystem features:.*\b(needs_recovery|quota)\b/m.test(facts)) return false;
  // Labels are left to libguestfs.
  if (await fish.is('is-file', '/etc/selinux/config')) return false;
  return (
    (await fish.is('is-file', '/etc/fstab')) && wholeOnRoot(await fish.command('cat', '/etc/fstab'))
  );
}

export interface ExtDiskOptions {
  /** Knows of the files that it takes. */
  ledger?: LedgerWriter | undefined;
  signal?: AbortSignal | undefined;
}

/** Null where it can't be done this way, for whatever reason; nothing has been changed then. */
export async function openExtDisk(
  disk: string,
  format: string,
  { ledger = noLedger, signal }: ExtDiskOptions = {},
): Promise<Guestfish | null> {
  if (!formats.includes(format)) return null;
  // debugfs and its library cut names of files into words and options.
  if (/[\s?"]/.test(tmpdir())) return null;
  const passing = await makePassingDirectory(ledger, tmpdir(), 'ozma-disk-');
  const dir = passing.path;
  let shown: Shown | undefined;
  const end = async () => {
    await shown?.end();
    shown = undefined;
    await passing.remove();
  };
  try {
    shown = await showRaw(disk, format, dir);
    const offset = await findExt(shown.file, signal);
    if (offset !== undefined) {
      const fish = debugfsCommands(shown.file, offset, dir, signal);
      if (await isSimple(fish, `${shown.file}?offset=${offset}`, signal)) {
        return {
          is: fish.is,
          command: (...words) =>
            fish.command(...words).catch((error: unknown) => {
              signal?.throwIfAborted();
              throw new OzError(
                'OZ_OFFLINE',
                `Cannot change the disk ${disk}: ${words[0]}: ${messageOf(error)}`,
                { hint: 'check the file system on it with e2fsck', cause: error },
              );
            }),
          close: end,
          kill: () => void end().catch(() => {}),
        };
      }
    }
  } catch {
    signal?.throwIfAborted();
  }
  await end();
  return null;
}
