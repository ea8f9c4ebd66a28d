/** Looks into a finished image without starting it. */
import { rm } from 'node:fs/promises';
import { runTool } from '../../../src/base/run-tool.ts';

export interface ImageView {
  /** Text of a file, or null when it is not there. */
  read(file: string): Promise<string | null>;
  /** Names in a directory; an empty list when it is not there. */
  list(dir: string): Promise<string[]>;
  /** Where the file system was mounted last; a booted system makes it `/`. */
  lastMounted(): Promise<string | undefined>;
  close(): Promise<void>;
}

interface PartitionTable {
  partitiontable: { sectorsize?: number; partitions: { start: number; size: number }[] };
}

/** Opens the largest partition (ext4) of an image in any format of qemu-img. */
export async function lookInside(image: string): Promise<ImageView> {
  const raw = `${image}.look`;
  await runTool('qemu-img', ['convert', '-O', 'raw', image, raw]);
  const { stdout } = await runTool('sfdisk', ['--json', raw]);
  const { partitiontable } = JSON.parse(stdout.toString('utf8')) as PartitionTable;
  const root = [...partitiontable.partitions].sort((a, b) => b.size - a.size)[0];
  if (!root) throw new Error(`no partition in ${image}`);
  const device = `${raw}?offset=${root.start * (partitiontable.sectorsize ?? 512)}`;
  async function ask(request: string): Promise<{ out: string; found: boolean }> {
    const { stdout: out, stderr } = await runTool('debugfs', ['-R', request, device]);
    return { out: out.toString('utf8'), found: !/not found/i.test(stderr) };
  }
  // The superblock must be readable, or every look would find nothing.
  if (!(await ask('stat /')).out.includes('Type: directory')) {
    throw new Error(`no ext4 file system in ${image}`);
  }
  return {
    async read(file) {
      const { out, found } = await ask(`cat "${file}"`);
      return found ? out : null;
    },
    async list(dir) {
      const { out } = await ask(`ls -p "${dir}"`);
      return [...out.matchAll(/^\/\d+\/\d+\/\d+\/\d+\/([^/]+)\//gm)]
        .map((line) => line[1] ?? '')
        .filter((name) => name !== '.' && name !== '..');
    },
    async lastMounted() {
      const { out } = await ask('show_super_stats -h');
      return /^Last mounted on:\s+(\S+)$/m.exec(out)?.[1];
    },
    close: () => rm(raw, { force: true }),
  };
}
