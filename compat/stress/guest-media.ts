/** What a guest was started with, as its QEMU process shows: its open files, and what it prints. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { startedWith } from './tiny-guest.ts';

export interface GuestMedia {
  /** Names that kernel and initrd have told of themselves. */
  names: string[];
  /** SHA-256 of the ISOs that were open. */
  isos: string[];
}

interface Process {
  pid: string;
  /** The build's own directory, where its kernel lies, and its console's text. */
  workDir: string;
}

async function processOf(guest: string): Promise<Process | undefined> {
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const text = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
    if (!text.includes('qemu-system') || !text.includes(`guest=${guest},`)) continue;
    const words = text.split('\0');
    return { pid, workDir: path.dirname(words[words.indexOf('-kernel') + 1] ?? '') };
  }
  return undefined;
}

/** An ISO 9660 volume by its first descriptor. */
const isIso = (content: Buffer) => content.toString('latin1', 32_769, 32_774) === 'CD001';
const largest = 16 << 20;

async function look(
  { pid, workDir }: Process,
  found: { names: string[]; isos: Map<string, string> },
): Promise<void> {
  const log = path.join(workDir, 'install-console.log');
  const said = startedWith(await readFile(log, 'latin1').catch(() => ''));
  if (said) found.names = [said.kernel, said.initrd];
  const dir = `/proc/${pid}/fd`;
  for (const fd of await readdir(dir).catch(() => [])) {
    const file = path.join(dir, fd);
    const info = await stat(file).catch(() => null);
    if (!info?.isFile() || info.size > largest || found.isos.has(`${info.ino}`)) continue;
    const content = await readFile(file).catch(() => null);
    if (!content || !isIso(content)) continue;
    found.isos.set(`${info.ino}`, createHash('sha256').update(content).digest('hex'));
  }
}

/** Looks again and again until it is told to end. */
export function watchGuest(name: string): { end(): Promise<GuestMedia> } {
  const found = { names: [] as string[], isos: new Map<string, string>() };
  let over = false;
  const done = (async () => {
    for (let process: Process | undefined; !over; ) {
      process ??= await processOf(name);
      if (process) await look(process, found);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  return {
    async end() {
      over = true;
      await done;
      return { names: found.names, isos: [...found.isos.values()] };
    },
  };
}
