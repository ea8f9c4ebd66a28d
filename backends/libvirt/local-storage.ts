/** Storage for a hypervisor on this machine: its files are ours. */
import { constants, copyFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { OzError } from '../../src/base/errors.ts';
import { makePassingDirectory, type PassingDirectory } from '../../src/base/passing-directory.ts';
import { runTool } from '../../src/base/run-tool.ts';
import {
  allocatedBytes,
  createLocalDisk,
  exportLocalDisk,
  publicDirectory,
  syncLocalDisk,
} from './local-disk.ts';
import { closedDirectory, type Owner } from './reach.ts';
import type { Storage, StorageContext } from './storage.ts';

/** `owner`: the user that QEMU runs as, when that is another one than ours. */
export function localStorage(context: StorageContext, owner: Owner | undefined): Storage {
  let staging: Promise<PassingDirectory> | undefined;

  /** A copy where any user may go, whole; libvirt hands the file itself to QEMU's. */
  async function copyOf(file: string, overlay: boolean, signal?: AbortSignal): Promise<string> {
    staging ??= makePassingDirectory(context.ledger, tmpdir(), 'ozma-stage-', 0o711);
    const dir = await publicDirectory((await staging).path, 'f-');
    const copy = path.join(dir, path.basename(file));
    if (overlay) {
      const formats = ['-f', 'qcow2', '-O', 'raw'];
      await runTool('qemu-img', ['convert', '-q', ...formats, file, copy], { signal });
    } else await copyFile(file, copy, constants.COPYFILE_FICLONE);
    return copy;
  }

  return {
    async stage(medium, options) {
      options?.signal?.throwIfAborted();
      const { size } = await stat(medium.path).catch((error: unknown) => {
        throw new OzError(
          'OZ_MEDIUM_MISSING',
          `Cannot use ${medium.label}: ${medium.path} can't be read`,
          { cause: error },
        );
      });
      const { role, label, path: file, base } = medium;
      const files = base === undefined ? [file] : [file, base];
      const closed = await Promise.all(
        files.map((one) => (owner ? closedDirectory(one, owner) : null)),
      );
      const open = closed.every((directory) => directory === null);
      const ref = open ? file : await copyOf(file, base !== undefined, options?.signal);
      options?.onProgress?.(size, size);
      return { role, ref, label, ...(open && base !== undefined ? { base } : {}) };
    },
    createDisk: createLocalDisk,
    sync: (disk) => syncLocalDisk(disk.ref),
    allocated: (disk) => allocatedBytes(disk.ref),
    exportDisk: exportLocalDisk,
    async close() {
      const dir = await staging;
      if (dir && context.ledger.has(dir.entry)) await dir.remove();
    },
  };
}
