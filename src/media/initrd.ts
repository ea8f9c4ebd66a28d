/**
 * Adds files to an installer's initrd without unpacking it: the kernel reads
 * any number of cpio archives one behind the other, each compressed or not.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, copyFile, type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { gunzipSync, constants as zlib } from 'node:zlib';
import { replaceFile } from '../base/atomic-file.ts';
import { messageOf, OzError } from '../base/errors.ts';
import { whyOf } from '../base/system-errors.ts';
import { type CpioFile, cpioArchive } from './cpio.ts';
import { wordWriteFailure } from './write-failure.ts';

/** How the kernel tells them too (lib/decompress.c). */
const magics: [string, Buffer][] = [
  ['cpio', Buffer.from('07070')],
  ['gzip', Buffer.from([0x1f, 0x8b])],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['bzip2', Buffer.from('BZh')],
  ['lzma', Buffer.from([0x5d, 0x00, 0x00])],
  ['lzo', Buffer.from([0x89, 0x4c, 0x5a, 0x4f])],
  ['lz4', Buffer.from([0x02, 0x21, 0x4c, 0x18])],
];

function formatOf(head: Buffer): string | undefined {
  return magics.find(([, magic]) => head.subarray(0, magic.length).equals(magic))?.[0];
}

// No bit operators: they would make a negative number of what is larger than 2 GiB.
const aligned = (n: number) => Math.ceil(n / 4) * 4;
const headerLength = 110;

async function readAt(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, at);
  return buffer.subarray(0, bytesRead);
}

/** The offset behind an uncompressed archive and the zeros that follow it. */
async function behindArchive(handle: FileHandle, start: number, fail: Fail): Promise<number> {
  for (let at = start; ; ) {
    const header = await readAt(handle, at, headerLength);
    if (header.length < headerLength || !/^07070[12]/.test(header.toString('latin1'))) {
      return fail('its cpio archive is damaged');
    }
    const field = (n: number) => Number.parseInt(header.toString('latin1', n, n + 8), 16);
    const fileSize = field(54);
    const nameSize = field(94);
    const name = await readAt(handle, at + headerLength, Math.min(nameSize, 16));
    at = aligned(aligned(at + headerLength + nameSize) + fileSize);
    if (name.toString('latin1').startsWith('TRAILER!!!\0')) return skipZeros(handle, at);
  }
}

async function skipZeros(handle: FileHandle, start: number): Promise<number> {
  for (let at = start; ; ) {
    const block = await readAt(handle, at, 4096);
    const next = block.findIndex((byte) => byte !== 0);
    if (next >= 0) return at + next;
    at += block.length;
    if (block.length === 0) return at;
  }
}

type Fail = (why: string) => never;

/** A gzip member must hold a cpio archive: very old installers have a disk image there. */
function checkGzip(head: Buffer, fail: Fail): void {
  if (formatOf(unpackedBegin(head, fail)) !== 'cpio') fail('it is a disk image, not an initramfs');
}

function unpackedBegin(head: Buffer, fail: Fail): Buffer {
  try {
    return gunzipSync(head, { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: 16 << 20 });
  } catch (error) {
    return fail(`its gzip data is damaged (${messageOf(error)})`);
  }
}

/**
 * Where the new archive goes: at the end, but before an lz4 member, whose end
 * the kernel doesn't see when anything follows. Throws for what is no initrd.
 */
async function insertionPoint(handle: FileHandle, fail: Fail): Promise<number> {
  const { size } = await handle.stat();
  for (let at = 0; at < size; ) {
    const head = await readAt(handle, at, 4096);
    const format = formatOf(head);
    if (format === undefined) fail(at === 0 ? 'it is not an initrd' : 'it has unknown data in it');
    if (format === 'gzip') checkGzip(head, fail);
    if (format === 'lz4') return at;
    if (format !== 'cpio') return size;
    at = await behindArchive(handle, at, fail);
  }
  return size === 0 ? fail('it is empty') : size;
}

/**
 * Writes `target`: the initrd with the files added, mode 0600 as they may hold
 * the root password. A file of the same name in the initrd is overridden,
 * except in front of lz4. Same input, same bytes. Throws OzError OZ_INITRD,
 * OZ_CPIO_NAME or OZ_NO_SPACE.
 */
export async function appendToInitrd(
  initrd: string,
  target: string,
  files: readonly CpioFile[],
  options: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { signal } = options;
  signal?.throwIfAborted();
  const fail: Fail = (why) => {
    throw new OzError('OZ_INITRD', `Cannot add files to the initrd ${initrd}: ${why}`, {
      hint: 'check the install tree; a web page in place of the initrd is a common cause',
    });
  };
  const archive = cpioArchive(files);
  const handle = await open(initrd, 'r').catch((error: unknown) => fail(whyOf(error)));
  let at: number;
  let size: number;
  try {
    at = await insertionPoint(handle, fail);
    size = (await handle.stat()).size;
  } finally {
    await handle.close();
  }
  try {
    await replaceFile(target, async (temporary) => {
      await (at === size
        ? copyAndAppend(initrd, temporary, size, archive)
        : insert(initrd, temporary, at, archive, signal));
      signal?.throwIfAborted();
    });
  } catch (error) {
    throw wordWriteFailure(error, target, `write the initrd ${target}`);
  }
}

async function copyAndAppend(initrd: string, temporary: string, size: number, archive: Buffer) {
  await copyFile(initrd, temporary);
  await chmod(temporary, 0o600); // before the secret is in it
  const handle = await open(temporary, 'a');
  try {
    await handle.writeFile(Buffer.concat([Buffer.alloc(aligned(size) - size), archive]));
  } finally {
    await handle.close();
  }
}

async function insert(
  initrd: string,
  temporary: string,
  at: number,
  archive: Buffer,
  signal?: AbortSignal,
) {
  await pipeline(
    async function* () {
      if (at > 0) yield* createReadStream(initrd, { end: at - 1 });
      yield Buffer.alloc(aligned(at) - at);
      yield archive;
      yield* createReadStream(initrd, { start: at });
    },
    createWriteStream(temporary, { mode: 0o600 }),
    signal ? { signal } : {},
  );
}
