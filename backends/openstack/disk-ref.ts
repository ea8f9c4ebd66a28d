/** What StagedDisk.ref says here: `image:<id>` or `volume:<id>`. */
import { OzError } from '../../src/base/errors.ts';

export interface DiskRef {
  kind: 'image' | 'volume';
  id: string;
}

export function parseDiskRef(ref: string): DiskRef {
  const [, kind, id] = /^(image|volume):([\w-]+)$/.exec(ref) ?? [];
  if ((kind === 'image' || kind === 'volume') && id) return { kind, id };
  throw new OzError('OZ_CLOUD_DISK', `Cannot use the disk ${ref}: it is not in the cloud`);
}

export function diskRef({ kind, id }: DiskRef): string {
  return `${kind}:${id}`;
}

export const gib = 1024 ** 3;

/** Whole GiB that hold so many bytes. */
export function inGib(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / gib));
}
