/** What a file is to Glance: its disk and container format, and whether it must be wrapped first. */
import { open } from 'node:fs/promises';
import type { LocalMedium } from '../backend.ts';

export interface MediumKind {
  diskFormat: 'aki' | 'ari' | 'iso' | 'raw' | 'qcow2';
  containerFormat: 'aki' | 'ari' | 'bare';
  /** Sent inside a qcow2 image. */
  wrapped: boolean;
}

export const isoKind: MediumKind = {
  diskFormat: 'iso',
  containerFormat: 'bare',
  wrapped: false,
};

const isoMagicAt = 32769;

/**
 * A FAT file system without partitions is taken for a broken partition table by
 * Glance (2025.1 and later), unless its media byte says that it is a hard disk.
 */
function looksPartitioned(sector: Buffer): boolean {
  return sector.readUInt16LE(510) === 0xaa55 && sector[21] !== 0xf8;
}

async function readHead(file: string): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const head = Buffer.alloc(isoMagicAt + 5);
    await handle.read(head, 0, head.length, 0);
    return head;
  } finally {
    await handle.close();
  }
}

export async function mediumKind({ role, path }: LocalMedium): Promise<MediumKind> {
  // Only `bare` containers are inspected: a kernel looks like a boot sector to Glance.
  if (role === 'kernel') return { diskFormat: 'aki', containerFormat: 'aki', wrapped: false };
  if (role === 'initrd') return { diskFormat: 'ari', containerFormat: 'ari', wrapped: false };
  const head = await readHead(path);
  if (head.subarray(isoMagicAt).toString('latin1') === 'CD001') return isoKind;
  const bare = { containerFormat: 'bare' } as const;
  return looksPartitioned(head)
    ? { ...bare, diskFormat: 'qcow2', wrapped: true }
    : { ...bare, diskFormat: 'raw', wrapped: false };
}
