/**
 * An installer that takes two seconds: a "kernel" of a few hundred bytes that says what it was
 * started with, writes to its disk, and powers off. Its source is tiny-guest.s.
 */
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../../src/base/run-tool.ts';
import { cpioArchive } from '../../src/media/cpio.ts';

export interface TinyGuest {
  /** Letters, digits, hyphens: what it prints as its kernel's name and its initrd's. */
  name: string;
  /** How many sectors it writes, 64 KiB apart; 32 unless told. */
  writes?: number;
  /** How long it does so; 2 unless told. */
  seconds?: number;
}

const codeAt = 0x1f1;
const code = Buffer.from(
  [
    'AgAAAAAAAAAAAAAAAFWq6z5IZHJTBgIAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD///83AAAA',
    'AAAAAAAAAAAAAAAAAOmNAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAABAAAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAB0aW55IGd1ZXN0OiBrZXJuZWwgACwgaW5pdHJkIAB0aW55IGd1ZXN0OiB3cml0dGVuDQoAAAAAAAAAAAAA',
    'AAAAEAABAAACABAACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD//wAAAJMAAP//ABABkwAAAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAAAAAAAAAAAAAAAC4ABCO2I7A/Pu+QAPofQC+EAPodwC+VAPocQBmoRgCo6IDZsHoEKKkA4gmpwO+kAO5',
    'gAC0h80VHge+bhDoTQCwDehSALAK6E0Aiw4AA1GygLgAQ76AA80TZoEGiAOAAAAAiw4CA+MSHjHAjtihbAT0OQZs',
    'BHT54vQfWeLRvl4D6AoAugQGuAAg7/Tr/ayEwHQV6AIA6/aIxLr9A+yoIHT7uvgDiODuww==',
  ].join(''),
  'base64',
);
/** All of setup, and a sector that QEMU takes for the kernel proper. */
const size = 0x800;
const at = { writes: 0x300, ticks: 0x302, name: 0x310 };
const longestName = 40;
const ticksPerSecond = 18.2;

/** What a hypervisor takes for a Linux kernel. */
export function tinyKernel({ name, writes = 32, seconds = 2 }: TinyGuest): Buffer {
  if (!/^[\w-]+$/.test(name) || name.length > longestName) throw new Error(`no name: ${name}`);
  const kernel = Buffer.alloc(size);
  code.copy(kernel, codeAt);
  kernel.writeUInt16LE(writes, at.writes);
  kernel.writeUInt16LE(Math.round((seconds * ticksPerSecond) / writes), at.ticks);
  kernel.write(`${name}\0`, at.name, 'latin1');
  return kernel;
}

/** The initrd that such a kernel names; `padding` bytes make it take its time on the way. */
export const tinyInitrd = (name: string, padding = 0): Buffer =>
  cpioArchive([{ name, content: Buffer.alloc(padding) }]);

/** Where Debian's installer has them, below the URL of a <url>, and on an ISO. */
export const tinyTree = {
  kernel: 'main/installer-amd64/current/images/netboot/debian-installer/amd64/linux',
  initrd: 'main/installer-amd64/current/images/netboot/debian-installer/amd64/initrd.gz',
};

/** An ISO that starts the guest as Debian's would; `dir` is made for its content. */
export async function tinyIso(target: string, dir: string, guest: TinyGuest): Promise<void> {
  await mkdir(path.join(dir, 'install.amd'), { recursive: true });
  try {
    await writeFile(path.join(dir, 'install.amd', 'vmlinuz'), tinyKernel(guest));
    await writeFile(path.join(dir, 'install.amd', 'initrd.gz'), tinyInitrd(guest.name));
    const args = ['-quiet', '-V', 'Debian 13.0.0 amd64 n', '-o', target, dir];
    await runTool('xorriso', ['-as', 'mkisofs', ...args]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Where its sectors go: the first, and from each to the next. */
const sectors = { first: 2048 * 512, apart: 128 * 512 };
/** What each of them holds, behind two bytes: the magic number of its own header. */
const magic = 'HdrS';

/** How many of the sectors that such a guest writes a raw image holds, from the first on. */
export async function sectorsIn(image: string): Promise<number> {
  const file = await open(image);
  try {
    const found = Buffer.alloc(magic.length);
    for (let count = 0; ; count++) {
      const place = sectors.first + count * sectors.apart + 2;
      const { bytesRead } = await file.read(found, 0, found.length, place);
      if (bytesRead < found.length || found.toString('latin1') !== magic) return count;
    }
  } finally {
    await file.close();
  }
}

/** What a guest says that it was started with; undefined: it did not come so far. */
export function startedWith(console: string): { kernel: string; initrd: string } | undefined {
  const said = /tiny guest: kernel ([\w-]+), initrd ([\w-]+)/.exec(console);
  return said ? { kernel: said[1] ?? '', initrd: said[2] ?? '' } : undefined;
}
