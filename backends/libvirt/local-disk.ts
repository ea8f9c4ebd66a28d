/** Disks as files of this machine. */
import { mkdtemp, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { besideName } from '../../src/base/atomic-file.ts';
import { codeOf, messageOf, OzError } from '../../src/base/errors.ts';
import { runTool } from '../../src/base/run-tool.ts';
import type { DiskSpec, StagedDisk, TransferOptions } from '../backend.ts';

/** Formats whose images QEMU can install to and run from. */
export const diskFormats = ['raw', 'qcow2', 'qed', 'vmdk', 'vdi', 'vpc', 'vhdx'] as const;

/** Virtual size in bytes; the format is told, never guessed from what a guest wrote. */
async function virtualSize(file: string, format: string, signal?: AbortSignal): Promise<number> {
  const { stdout } = await runTool('qemu-img', ['info', '--output=json', '-f', format, file], {
    signal,
  });
  const info = JSON.parse(stdout.toString('utf8')) as { 'virtual-size': number };
  return info['virtual-size'];
}

function wordDiskError(error: unknown, file: string): unknown {
  const text = messageOf(error);
  if (codeOf(error) === 'ENOSPC' || /no space left|enospc/i.test(text)) {
    return new OzError(
      'OZ_NO_SPACE',
      `Cannot make disk ${file}: no space is left in ${path.dirname(file)}`,
      { hint: 'free some, or set output_dir in [paths] of oz.cfg to a larger place', cause: error },
    );
  }
  if (codeOf(error) === 'EEXIST') {
    return new OzError('OZ_DISK_EXISTS', `Cannot make disk ${file}: the file exists`, {
      hint: 'remove it, or let oz-install -p do that',
      cause: error,
    });
  }
  if (error instanceof OzError) return error;
  return new OzError('OZ_DISK_FAILED', `Cannot make disk ${file}: ${text}`, { cause: error });
}

/** Copies an image; holes stay holes. `onProgress` counts bytes of the target's size. */
async function convert(
  source: { path: string; format: string },
  target: { path: string; format: string },
  size: number,
  { signal, onProgress }: TransferOptions,
): Promise<void> {
  const args = [
    'convert',
    '-p',
    '-f',
    source.format,
    '-O',
    target.format,
    source.path,
    target.path,
  ];
  await runTool('qemu-img', args, {
    signal,
    onStdout(chunk) {
      const percent = /\((\d+(?:\.\d+)?)\/100%\)[^(]*$/.exec(chunk.toString('latin1'))?.[1];
      if (percent) onProgress?.(Math.round((Number(percent) / 100) * size), size);
    },
  });
}

/** Creates a file that is nobody else's to read, before a tool fills it. */
async function claim(file: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  await handle.close();
}

/**
 * Makes the disk: blank and sparse, or a copy of `from` (of the same format),
 * grown to `size`. Mode 0600. Throws OZ_DISK_EXISTS, OZ_NO_SPACE, OZ_DISK_FAILED.
 */
export async function createLocalDisk(
  spec: DiskSpec,
  options: TransferOptions = {},
): Promise<StagedDisk> {
  const { signal } = options;
  signal?.throwIfAborted();
  const { path: file, format, from } = spec;
  let { size } = spec;
  try {
    await claim(file);
  } catch (error) {
    throw wordDiskError(error, file);
  }
  try {
    if (from === undefined) {
      await runTool('qemu-img', ['create', '-q', '-f', format, file, String(size)], { signal });
      await syncLocalDisk(file); // what it takes is compared with what its guest makes of it
    } else {
      await convert({ path: from, format }, { path: file, format }, size, options);
      const has = await virtualSize(file, format, signal);
      if (has < size)
        await runTool('qemu-img', ['resize', '-q', '-f', format, file, String(size)], { signal });
      else size = has;
    }
  } catch (error) {
    await rm(file, { force: true });
    if (signal?.aborted) throw signal.reason;
    throw wordDiskError(error, file);
  }
  options.onProgress?.(size, size);
  return { ref: file, format, size };
}

/** What the guest wrote is on stable storage when this returns. */
export async function syncLocalDisk(file: string): Promise<void> {
  for (const name of [file, path.dirname(file)]) {
    const handle = await open(name, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

/** Bytes that a disk takes of its file system. */
export async function allocatedBytes(file: string): Promise<number> {
  return (await stat(file)).blocks * 512;
}

/** Writes a disk to another file and format, which appears whole or not at all. */
export async function exportLocalDisk(
  disk: StagedDisk,
  target: string,
  format: string,
  options: TransferOptions = {},
): Promise<void> {
  if (path.resolve(target) === path.resolve(disk.ref) && format === disk.format) return;
  const temporary = besideName(target);
  try {
    await claim(temporary);
    await convert(
      { path: disk.ref, format: disk.format },
      { path: temporary, format },
      disk.size,
      options,
    );
    await syncLocalDisk(temporary);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    if (options.signal?.aborted) throw options.signal.reason;
    throw wordDiskError(error, target);
  }
  const { size } = await stat(target);
  options.onProgress?.(size, size);
}

/** A new directory that any user may enter but not list, for files QEMU must reach. */
export async function publicDirectory(parent: string, prefix: string): Promise<string> {
  const dir = await mkdtemp(path.join(parent, prefix));
  const handle = await open(dir, 'r');
  try {
    await handle.chmod(0o711);
  } finally {
    await handle.close();
  }
  return dir;
}
