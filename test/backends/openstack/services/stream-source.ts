import type { Readable } from 'node:stream';
import type { UploadSource } from '../../../../backends/openstack/services/types.ts';

/** A stream that is there but once; `size` if it is known. */
export function streamSource(stream: Readable, size: number | null): UploadSource {
  return { size, repeatable: false, open: () => stream };
}
