/**
 * Writes cpio archives in the kernel's `newc` form. There is no kept-up npm
 * package that does, and the cpio tool takes owners and times from files that
 * would have to be made first.
 */
import path from 'node:path';
import { OzError } from '../base/errors.ts';

export interface CpioFile {
  /** Path in the archive, without a leading slash. */
  name: string;
  content: Uint8Array | string;
  /** Permission bits; 0644 unless told. */
  mode?: number | undefined;
}

const typeFile = 0o100000;
const typeDirectory = 0o040000;

function padding(size: number): Buffer {
  return Buffer.alloc((4 - (size % 4)) % 4);
}

function entry(inode: number, name: string, mode: number, content: Buffer): Buffer[] {
  const nameBytes = Buffer.from(`${name}\0`);
  const fields = [
    inode,
    mode,
    0, // owner
    0, // group
    1, // links
    0, // time
    content.length,
    0, // device, major and minor
    0,
    0, // special file's device, major and minor
    0,
    nameBytes.length,
    0, // checksum, not used by newc
  ];
  const header = `070701${fields.map((n) => n.toString(16).toUpperCase().padStart(8, '0')).join('')}`;
  return [
    Buffer.from(header, 'latin1'),
    nameBytes,
    padding(header.length + nameBytes.length),
    content,
    padding(content.length),
  ];
}

function checkedName(name: string): string {
  const parts = name.split('/');
  if (!name || name.includes('\0') || parts.some((p) => p === '' || p === '.' || p === '..')) {
    throw new OzError('OZ_CPIO_NAME', `Cannot put ${JSON.stringify(name)} into an initrd`, {
      hint: 'a relative path without . and .. is needed',
    });
  }
  return name;
}

/** All directories above the files, parents first. */
function directoriesOf(names: readonly string[]): string[] {
  const found = new Set<string>();
  for (const name of names) {
    for (let dir = path.posix.dirname(name); dir !== '.'; dir = path.posix.dirname(dir)) {
      found.add(dir);
    }
  }
  return [...found].sort();
}

/** An archive of the files and the directories they need; same input, same bytes. */
export function cpioArchive(files: readonly CpioFile[]): Buffer {
  const names = files.map((file) => checkedName(file.name));
  let inode = 0;
  return Buffer.concat([
    ...directoriesOf(names).flatMap((dir) =>
      entry(++inode, dir, typeDirectory | 0o755, Buffer.alloc(0)),
    ),
    ...files.flatMap((file) =>
      entry(
        ++inode,
        file.name,
        typeFile | ((file.mode ?? 0o644) & 0o7777),
        Buffer.from(file.content),
      ),
    ),
    ...entry(0, 'TRAILER!!!', 0, Buffer.alloc(0)),
  ]);
}
