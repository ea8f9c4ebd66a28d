/** Two images, file by file: unpacked on this machine, since an emulated appliance would take an hour. */
import { createHash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { lstat, mkdir, readdir, readFile, readlink, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runTool } from '../../src/base/run-tool.ts';

export interface Look {
  /** Partitions as sfdisk describes them, without what is random. */
  table: string;
  /** Type and features of the file system. */
  fileSystem: string;
  /** Each path with type, mode, owner and, for files and links, a digest of its content. */
  files: Map<string, { kind: string; digest: string }>;
  packages: string[];
  /** Which package brought a file. */
  owners: Map<string, string>;
  users: string[];
}

interface PartitionTable {
  partitiontable: {
    label: string;
    partitions: { start: number; size: number; type: string; bootable?: boolean }[];
  };
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'd';
  if (stats.isSymbolicLink()) return 'l';
  return stats.isFile() ? '-' : 'special';
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Links are not followed: they lead out of the tree. */
async function listTree(top: string, below = '', files: Look['files'] = new Map()) {
  for (const name of (await readdir(path.join(top, below))).sort()) {
    const file = `${below}/${name}`;
    const full = path.join(top, file);
    const stats = await lstat(full);
    const { mode, uid, gid } = stats;
    const type = kindOf(stats);
    const digest = type === '-' ? await digestOf(full) : type === 'l' ? await readlink(full) : '';
    files.set(file, { kind: `${type}${(mode & 0o7777).toString(8)} ${uid}:${gid}`, digest });
    if (type === 'd') await listTree(top, file, files);
  }
  return files;
}

/** "Package: …" of all that is installed, with versions. */
function installed(status: string): string[] {
  return status
    .split('\n\n')
    .flatMap((stanza) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1];
      return field('Status') === 'install ok installed'
        ? [`${field('Package')} ${field('Version')}`]
        : [];
    })
    .sort();
}

/** Out of dpkg's lists, whose /bin, /lib and /sbin are links into /usr today. */
async function ownersIn(info: string): Promise<Look['owners']> {
  const owners: Look['owners'] = new Map();
  for (const name of await readdir(info)) {
    const owner = /^([^:]+)(:.*)?\.list$/.exec(name)?.[1];
    if (!owner) continue;
    for (const file of (await readFile(path.join(info, name), 'utf8')).split('\n')) {
      owners.set(file.replace(/^\/(bin|sbin|lib|lib64)\//, '/usr/$1/'), owner);
    }
  }
  return owners;
}

/** Looks into an image with one ext4 root partition; needs root, for the owners of files. */
export async function lookInto(image: string, scratch: string): Promise<Look> {
  const raw = path.join(scratch, 'disk.raw');
  const tree = path.join(scratch, 'tree');
  await mkdir(tree, { recursive: true });
  try {
    await runTool('qemu-img', ['convert', '-O', 'raw', image, raw]);
    const { stdout } = await runTool('sfdisk', ['--json', raw]);
    const { partitiontable } = JSON.parse(stdout.toString('utf8')) as PartitionTable;
    const parts = partitiontable.partitions;
    const root = [...parts].sort((a, b) => b.size - a.size)[0];
    if (!root) throw new Error(`no partition in ${image}`);
    const device = `${raw}?offset=${root.start * 512}`;
    const ask = async (request: string) =>
      (await runTool('debugfs', ['-R', request, device])).stdout.toString('utf8');
    const facts = await ask('show_super_stats -h');
    await ask(`rdump / ${tree}`);
    const text = (file: string) => readFile(path.join(tree, file), 'utf8');
    return {
      table: [
        partitiontable.label,
        ...parts.map((p) => `${p.start}+${p.size} ${p.type}${p.bootable ? ' boot' : ''}`),
      ].join('; '),
      fileSystem: /^Filesystem features:\s+(.*)$/m.exec(facts)?.[1] ?? '',
      files: await listTree(tree),
      packages: installed(await text('var/lib/dpkg/status')),
      owners: await ownersIn(path.join(tree, 'var/lib/dpkg/info')),
      users: (await text('etc/passwd')).trim().split('\n'),
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

export interface Difference {
  file: string;
  what: 'only Oz' | 'only Ozma' | 'content' | 'mode or owner';
}

export function compareFiles(oz: Look['files'], ours: Look['files']): Difference[] {
  const names = [...new Set([...oz.keys(), ...ours.keys()])].sort();
  return names.flatMap((file): Difference[] => {
    const [a, b] = [oz.get(file), ours.get(file)];
    if (!a || !b) return [{ file, what: a ? 'only Oz' : 'only Ozma' }];
    if (a.kind !== b.kind) return [{ file, what: 'mode or owner' }];
    return a.digest === b.digest ? [] : [{ file, what: 'content' }];
  });
}

export interface ListDifference {
  same: number;
  onlyOz: string[];
  onlyOurs: string[];
}

export function compareLists(oz: readonly string[], ours: readonly string[]): ListDifference {
  const [a, b] = [new Set(oz), new Set(ours)];
  return {
    same: [...a].filter((item) => b.has(item)).length,
    onlyOz: [...a].filter((item) => !b.has(item)).sort(),
    onlyOurs: [...b].filter((item) => !a.has(item)).sort(),
  };
}
